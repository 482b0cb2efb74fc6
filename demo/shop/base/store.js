import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Orders in one JSON file: { format: 1, orders: [{ id, product, customer, quantity }] } */
export function openStore(state) {
  const directory = join(state, 'shop');
  const file = join(directory, 'orders.json');
  mkdirSync(directory, { recursive: true });
  let orders = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).orders : [];

  const save = (next) => {
    orders = next;
    writeFileSync(`${file}.new`, JSON.stringify({ format: 1, orders }, null, 2));
    renameSync(`${file}.new`, file);
  };
  return {
    orders: () => orders,
    add(order) {
      const id = 1 + Math.max(0, ...orders.map((other) => other.id));
      save([...orders, { id, ...order }]);
      return { id, ...order };
    },
    replace: save,
    remove: (customer) => save(orders.filter((order) => order.customer !== customer)),
  };
}
