// Vendure's adapter, which runs among its packages: it answers as answering.py does.
//
// The order calculator prices an order that is in memory; promotions, products and the order come from a database
// (SQLite in memory) before anything is measured, and no pricing asks it again. Vendure has a threshold for the whole
// order, and none for some products: that is a condition of our own, as its guide shows how to write one. It counts what
// products cost before anything is taken off the order. What a coupon asks for is counted after that; it comes last.

'use strict';

const readline = require('node:readline');
const { createRequire } = require('node:module');

// The adapter lies in our tree, its packages where the process runs.
const required = createRequire(`${process.cwd()}/package.json`);
const vendure = required('@vendure/core');

const say = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr); // what else is printed is no answer

const COUPONS_COME_LAST = 10;

function threshold(code, priorityValue, amountOf) {
  return new vendure.PromotionCondition({
    code,
    priorityValue,
    description: [{ languageCode: vendure.LanguageCode.en, value: 'If these products come to { amount }' }],
    args: { amount: { type: 'int' }, productVariantIds: { type: 'ID', list: true } },
    check(_ctx, order, args) {
      const ids = new Set(args.productVariantIds.map(String));
      let sum = 0;
      for (const line of order.lines) {
        if (ids.has(String(line.productVariantId))) sum += amountOf(line);
      }
      return sum >= args.amount;
    },
  });
}

const CONDITIONS = {
  saving: threshold('amount_of_products', 0, (line) => line.discountedLinePriceWithTax),
  coupon: threshold('amount_left_of_products', COUPONS_COME_LAST, (line) => line.proratedLinePriceWithTax),
};

async function started() {
  const { app } = await vendure.bootstrapWorker({
    apiOptions: { port: 0 },
    authOptions: { superadminCredentials: { identifier: 'nobody', password: 'of a shop of one process' } },
    dbConnectionOptions: { type: 'sqljs', synchronize: true },
    logger: { debug() {}, verbose() {}, info() {}, warn() {}, error: console.error },
    paymentOptions: { paymentMethodHandlers: [] },
    promotionOptions: {
      promotionConditions: [...vendure.defaultPromotionConditions, ...Object.values(CONDITIONS)],
    },
  });
  const admin = await app.get(vendure.RequestContextService).create({ apiType: 'admin' });
  const zone = await app.get(vendure.ZoneService).create(admin, { name: 'all' });
  const taxCategory = await app.get(vendure.TaxCategoryService).create(admin, { name: 'goods', isDefault: true });
  const untaxed = { name: 'none', enabled: true, value: 0, categoryId: taxCategory.id, zoneId: zone.id };
  await app.get(vendure.TaxRateService).create(admin, untaxed);
  await app.get(vendure.ChannelService).update(admin, {
    id: admin.channelId,
    availableCurrencyCodes: ['CNY'],
    defaultCurrencyCode: 'CNY',
    defaultShippingZoneId: zone.id,
    defaultTaxZoneId: zone.id,
    pricesIncludeTax: true,
  });
  return { app, taxCategory };
}

const named = (name) => [{ languageCode: vendure.LanguageCode.en, name, slug: name, description: '' }];

function operation(code, args) {
  const written = Object.entries(args).map(([name, value]) => ({ name, value: JSON.stringify(value) }));
  return { code, arguments: written };
}

class Shop {
  constructor({ app, taxCategory }, stood) {
    this.get = (service) => app.get(service);
    this.taxCategory = taxCategory;
    this.stood = stood; // a case, as it stands in the database
    this.variants = new Map();
  }

  async stocked() {
    this.admin = await this.get(vendure.RequestContextService).create({ apiType: 'admin' });
    this.shopper = await this.get(vendure.RequestContextService).create({ apiType: 'shop' });
    for (const line of this.stood.lines) this.variants.set(line.sku, await this.variant(line));
    for (const { id, percent_off: discount, skus } of this.stood.percentages) {
      const productVariantIds = this.ids(skus);
      const one = operation('contains_products', { minimum: 1, productVariantIds });
      await this.promoted(id, one, operation('products_percentage_discount', { discount, productVariantIds }));
    }
    for (const each of this.stood.savings) await this.saving(each, CONDITIONS.saving);
    for (const each of this.stood.coupons) await this.saving(each, CONDITIONS.coupon, { couponCode: each.id });
    this.promotions = await this.get(vendure.PromotionService).getActivePromotionsInChannel(this.shopper);
    return this;
  }

  async variant({ sku, price_fen: price }) {
    const product = await this.get(vendure.ProductService).create(this.admin, { translations: named(sku) });
    const stocked = { productId: product.id, sku, price, taxCategoryId: this.taxCategory.id, trackInventory: 'FALSE' };
    const variants = this.get(vendure.ProductVariantService);
    const [{ id }] = await variants.create(this.admin, [{ ...stocked, translations: named(sku) }]);
    return id;
  }

  ids(skus) {
    return (skus || [...this.variants.keys()]).map((sku) => this.variants.get(sku));
  }

  async saving({ id, from_fen: amount, off_fen: discount, skus }, condition, more = {}) {
    const reached = operation(condition.code, { amount, productVariantIds: this.ids(skus) });
    await this.promoted(id, reached, operation('order_fixed_discount', { discount }), more);
  }

  async promoted(name, condition, action, more = {}) {
    const input = { enabled: true, translations: named(name), conditions: [condition], actions: [action], ...more };
    const made = await this.get(vendure.PromotionService).createPromotion(this.admin, input);
    if (made.errorCode) throw new Error(made.message);
  }

  async prepared(coupon) {
    const orders = this.get(vendure.OrderService);
    const { id } = await orders.create(this.shopper);
    for (const { sku, quantity } of this.stood.lines) {
      const added = await orders.addItemToOrder(this.shopper, id, this.variants.get(sku), quantity);
      if (added.errorCode) throw new Error(added.message);
    }
    const order = await orders.findOne(this.shopper, id);
    order.couponCodes = coupon === null ? [] : [coupon];
    const calculator = this.get(vendure.OrderCalculator);
    return async () => {
      await calculator.applyPriceAdjustments(this.shopper, order, this.promotions);
      return order.subTotalWithTax;
    };
  }
}

async function taken(price, times) {
  let paid = 0;
  const begun = process.cpuUsage();
  for (let time = 0; time < times; time += 1) paid = await price();
  const { user, system } = process.cpuUsage(begun);
  return { paid_fen: paid, cpu_us: (user + system) / times };
}

async function main() {
  const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const answer = (told) => say(`${JSON.stringify(told)}\n`);
  const engine = await started();
  const shop = await new Shop(engine, JSON.parse((await lines.next()).value)).stocked();
  const { version } = required('@vendure/core/package.json');
  answer({ version: `${version} (Node ${process.versions.node})` });
  const ready = new Map();
  for await (const line of lines) {
    const { coupon, times } = JSON.parse(line);
    if (!ready.has(coupon)) ready.set(coupon, await shop.prepared(coupon));
    answer(await taken(ready.get(coupon), times));
  }
  await engine.app.close();
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
