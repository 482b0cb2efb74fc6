import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { page } from './page.js';
import { products } from './products.js';
import { openStore } from './store.js';

const { version } = JSON.parse(readFileSync(new URL('package.json', import.meta.url), 'utf8'));
const store = openStore(process.env.APP_STATE ?? './state');

const routes = {
  'GET /': (_request, response) => send(response, 200, page(products, store.orders(), version), 'text/html'),
  'GET /health': (_request, response) => json(response, 200, { status: 'ok', version }),
  'GET /products': (_request, response) => json(response, 200, products),
  'GET /orders': (_request, response) => json(response, 200, store.orders()),
  'POST /orders': async (request, response) => {
    const order = await readOrder(request);
    if (!products.some((product) => product.id === order.product)) {
      return json(response, 422, { error: 'no such product' });
    }
    return json(response, 201, store.add(order));
  },
  'PUT /orders': async (request, response) => {
    store.replace(await readJson(request));
    json(response, 200, store.orders());
  },
  'DELETE /orders': (_request, response, url) => {
    store.remove(url.searchParams.get('customer') ?? '');
    json(response, 200, store.orders());
  },
};

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://shop');
  const route = routes[`${request.method} ${url.pathname}`];
  if (route === undefined) return json(response, 404, { error: 'not found' });
  try {
    await route(request, response, url);
  } catch (error) {
    json(response, 400, { error: error.message });
  }
});

server.listen(Number(process.env.APP_PORT ?? 3000), '127.0.0.1', () => {
  console.log(`shop ${version} listens on port ${server.address().port}, ${store.orders().length} orders`);
});

process.on('SIGTERM', () => {
  console.log('stopping');
  server.close();
  server.closeAllConnections();
});

async function readBody(request) {
  let text = '';
  for await (const chunk of request) {
    text += chunk;
    if (text.length > 1_000_000) throw new Error('too large');
  }
  return text;
}

async function readJson(request) {
  return JSON.parse(await readBody(request));
}

/** An order comes from the form on the page, or as JSON. */
async function readOrder(request) {
  const body = await readBody(request);
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  const { product, customer = 'guest', quantity = 1 } = isForm
    ? Object.fromEntries(new URLSearchParams(body))
    : JSON.parse(body);
  return { product: String(product), customer: String(customer), quantity: Number(quantity) };
}

function json(response, status, body) {
  send(response, status, JSON.stringify(body), 'application/json');
}

function send(response, status, body, type) {
  response.writeHead(status, { 'content-type': `${type}; charset=utf-8` }).end(body);
}
