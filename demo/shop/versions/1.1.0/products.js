export const products = [
  { id: 'tea', name: 'Green tea, 100 g', cents: 690 },
  { id: 'black', name: 'Black tea, 100 g', cents: 590 },
  { id: 'cup', name: 'Cup', cents: 1250 },
  { id: 'pot', name: 'Tea pot', cents: 3900 },
];

export function priceOf(product) {
  return `€ ${(product.cents / 100).toFixed(2)}`;
}
