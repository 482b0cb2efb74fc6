const { SHOP_CURRENCY } = process.env;
if (SHOP_CURRENCY === undefined) {
  throw new Error('SHOP_CURRENCY is not set: put the three letters of a currency there');
}

export const products = [
  { id: 'tea', name: 'Green tea, 100 g', cents: 690 },
  { id: 'black', name: 'Black tea, 100 g', cents: 590 },
  { id: 'cup', name: 'Cup', cents: 1250 },
  { id: 'pot', name: 'Tea pot', cents: 3900 },
];

const format = new Intl.NumberFormat('en', { style: 'currency', currency: SHOP_CURRENCY });

export function priceOf(product) {
  return format.format(product.cents / 100);
}
