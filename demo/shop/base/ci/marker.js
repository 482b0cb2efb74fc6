// One order of a customer nobody else is: it must survive what the tests do to the shop.
const customer = 'signalbox-marker';
const orders = `${process.env.APP_URL}/orders`;

const actions = {
  async seed() {
    if (await isThere()) return;
    const body = JSON.stringify({ product: 'tea', customer, quantity: 1 });
    await ask(orders, { method: 'POST', body });
    console.log('the marker order was placed');
  },
  async drop() {
    await ask(`${orders}?customer=${customer}`, { method: 'DELETE' });
    console.log('the marker order was removed');
  },
  async assert() {
    const found = await isThere();
    console.log(found ? 'the marker order is there' : 'the marker order is missing');
    if (!found) process.exitCode = 1;
  },
};

async function isThere() {
  const all = await ask(orders);
  return all.some((order) => order.customer === customer);
}

async function ask(url, options) {
  const response = await fetch(url, options);
  if (!response.ok) throw new Error(`${options?.method ?? 'GET'} ${url}: ${response.status}`);
  return response.json();
}

await actions[process.argv[2]]();
