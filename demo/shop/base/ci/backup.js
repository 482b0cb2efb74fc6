import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const response = await fetch(`${process.env.APP_URL}/orders`);
const orders = await response.json();
writeFileSync(join(process.env.APP_BACKUP, 'orders.json'), JSON.stringify(orders));
console.log(`dumped ${orders.length} orders`);
