import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Orders by customer in one JSON file: { format: 2, customers: { name: [{ id, product, quantity }] } } */
export function openStore(state) {
  const directory = join(state, 'shop');
  const file = join(directory, 'orders-by-customer.json');
  mkdirSync(directory, { recursive: true });
  let customers = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).customers : {};

  const orders = () =>
    Object.entries(customers).flatMap(([customer, list]) => list.map((order) => ({ ...order, customer })));
  const save = (all) => {
    customers = Object.groupBy(all, ({ customer }) => customer);
    writeFileSync(`${file}.new`, JSON.stringify({ format: 2, customers }, null, 2));
    renameSync(`${file}.new`, file);
  };
  return {
    orders,
    add(order) {
      const id = 1 + Math.max(0, ...orders().map((other) => other.id));
      save([...orders(), { id, ...order }]);
      return { id, ...order };
    },
    replace: save,
    remove: (customer) => save(orders().filter((order) => order.customer !== customer)),
  };
}
