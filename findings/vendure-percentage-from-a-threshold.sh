#!/bin/sh
# Vendure: a percentage off products from a threshold on takes away its own threshold, and flips each time it is priced.
#
# Good guess: a promotion of 10 % off some products, on the condition that the order comes to 300.00, takes a tenth off each
# of them in an order of 300.00; and an order that nobody changes costs the same whenever it is priced.
# What happens: the condition is asked anew for each line, on an order that already has what the same promotion took off the
# lines before it, now and the last time. Three products at 100.00, a line each: one gets the tenth, the others do not, and
# it is another one when the order is priced again. One line of three costs 270.00, then 300.00, then 270.00. The same tenth
# as an action on the whole order is right each time.
# What we do: what sets the price of a unit asks for no threshold (V1), offers that do all see the same lines at the same
# prices (V5), and a quote is a pure function: the same cart at the same moment has the same quote.
#
# Seen on 2026-11-29, with Node 20, twice:
#   @vendure/core 3.7.3
#   10 % off a, b, c from 300.00; a, b, c: 290.00 (a 90.00, b 100.00, c 100.00)
#   priced again: 290.00 (a 100.00, b 90.00, c 100.00)
#   10 % off a, b, c from 300.00; 3 a: 270.00 (a 90.00)
#   priced again: 300.00 (a 100.00)
#   priced again: 270.00 (a 90.00)
#   10 % off the order from 300.00; 3 a: 270.00 (a 90.00)
#   priced again: 270.00 (a 90.00)
set -eu

packages="@vendure/core@3.7.3 sql.js@1.16.0"

script=$(cd "$(dirname "$0")" && pwd)/$(basename "$0")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-audit --no-fund --ignore-scripts $packages
cat >price.js <<'JAVASCRIPT'
const fs = require('node:fs');
const vendure = require('@vendure/core');

const tell = (line) => fs.appendFileSync('seen', `${line}\n`);
const named = (name) => [{ languageCode: 'en', name, slug: name, description: '' }];
const yuan = (fen) => (fen / 100).toFixed(2);

function operation(code, args) {
  return { code, arguments: Object.entries(args).map(([name, value]) => ({ name, value: JSON.stringify(value) })) };
}

async function main() {
  const { app } = await vendure.bootstrapWorker({
    apiOptions: { port: 0 },
    authOptions: { superadminCredentials: { identifier: 'nobody', password: 'of nothing that anybody can reach' } },
    dbConnectionOptions: { type: 'sqljs', synchronize: true },
    logger: { debug() {}, verbose() {}, info() {}, warn() {}, error: console.error },
    paymentOptions: { paymentMethodHandlers: [] },
  });
  const contexts = app.get(vendure.RequestContextService);
  let staff = await contexts.create({ apiType: 'admin' });
  const zone = await app.get(vendure.ZoneService).create(staff, { name: 'all' });
  const goods = await app.get(vendure.TaxCategoryService).create(staff, { name: 'goods', isDefault: true });
  const untaxed = { name: 'none', enabled: true, value: 0, categoryId: goods.id, zoneId: zone.id };
  await app.get(vendure.TaxRateService).create(staff, untaxed);
  await app.get(vendure.ChannelService).update(staff, { id: staff.channelId, defaultTaxZoneId: zone.id });
  staff = await contexts.create({ apiType: 'admin' }); // which knows of the zone
  const ids = {};
  for (const sku of ['a', 'b', 'c']) {
    const { id: productId } = await app.get(vendure.ProductService).create(staff, { translations: named(sku) });
    const input = { productId, sku, price: 10000, taxCategoryId: goods.id, trackInventory: 'FALSE', translations: named(sku) };
    const [variant] = await app.get(vendure.ProductVariantService).create(staff, [input]);
    ids[sku] = variant.id;
  }

  const promotions = app.get(vendure.PromotionService);
  const orders = app.get(vendure.OrderService);
  async function show(says, action, carts, times) {
    const conditions = [operation('minimum_order_amount', { amount: 30000, taxInclusive: false })];
    const promotion = { enabled: true, translations: named(says), conditions, actions: [action] };
    const { id: promotionId } = await promotions.createPromotion(staff, promotion);
    for (const [skus, quantity] of carts) {
      const shopper = await contexts.create({ apiType: 'shop' });
      const { id } = await orders.create(shopper);
      for (const sku of skus) await orders.addItemToOrder(shopper, id, ids[sku], quantity);
      const count = quantity === 1 ? '' : `${quantity} `;
      let begins = `${says}; ${count}${skus.join(', ')}`;
      for (let time = 0; time <= times(skus); time += 1) {
        const order = await orders.findOne(shopper, id);
        const lines = order.lines.map((line) => `${line.productVariant.sku} ${yuan(line.proratedUnitPrice)}`);
        tell(`${begins}: ${yuan(order.subTotal)} (${lines.join(', ')})`);
        begins = 'priced again';
        await orders.applyPriceAdjustments(shopper, order);
      }
    }
    await promotions.softDeletePromotion(staff, promotionId);
  }

  tell(`@vendure/core ${require('@vendure/core/package.json').version}`);
  const tenthOfProducts = operation('products_percentage_discount', { discount: 10, productVariantIds: Object.values(ids) });
  await show('10 % off a, b, c from 300.00', tenthOfProducts, [[['a', 'b', 'c'], 1], [['a'], 3]], (skus) => (skus.length > 1 ? 1 : 2));
  const tenthOfOrder = operation('order_percentage_discount', { discount: 10 });
  await show('10 % off the order from 300.00', tenthOfOrder, [[['a'], 3]], () => 1);
  await app.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
JAVASCRIPT
node price.js >/dev/null
cat seen
sed -n 's/^#   //p' "$script" | diff - seen
