import assert from 'node:assert/strict';
import { runTests } from './run.js';

const url = process.env.APP_URL;

await runTests('api', {
  'the front page lists the products': async () => {
    const text = await (await fetch(url)).text();
    assert.match(text, /Green tea/);
  },
  'every product has a price': async () => {
    const products = await (await fetch(`${url}/products`)).json();
    assert.ok(products.every((product) => product.cents > 0));
  },
  'an order is kept': async () => {
    const body = JSON.stringify({ product: 'cup', customer: 'test', quantity: 2 });
    const order = await (await fetch(`${url}/orders`, { method: 'POST', body })).json();
    const orders = await (await fetch(`${url}/orders`)).json();
    assert.deepEqual(orders.find(({ id }) => id === order.id), order);
  },
  'an order for nothing is refused': async () => {
    const body = JSON.stringify({ product: 'unicorn' });
    assert.equal((await fetch(`${url}/orders`, { method: 'POST', body })).status, 422);
  },
});
