import { priceOf } from './products.js';

export function page(products, orders, version) {
  const rows = products
    .map(
      (product) => `<tr><td>${escape(product.name)}</td><td>${priceOf(product)}</td>
<td><form method="post" action="/orders"><input type="hidden" name="product" value="${escape(product.id)}">
<button>Order</button></form></td></tr>`,
    )
    .join('\n');
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop ${version}</title>
<h1>Shop</h1><table>${rows}</table><p>${orders.length} orders so far · version ${version}</p></html>`;
}

function escape(text) {
  return String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
