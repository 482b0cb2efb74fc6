export const products = [
  { id: 'tea', name: 'Green tea, 100 g', cents: 690 },
  { id: 'black', name: 'Black tea, 100 g', cents: 590 },
  { id: 'cup', name: 'Cup', cents: 1250 },
  { id: 'pot', name: 'Tea pot', cents: 3900 },
  { id: 'wrap', name: 'Gift wrapping', cents: 250 },
];

const euros = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' });

export function priceOf(product) {
  return euros.format(product.cents / 100);
}
