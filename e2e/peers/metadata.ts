/**
 * The three metadata calls that @peculiar/x509's dependency container makes. The `reflect-metadata` package it
 * expects in the host program is not among our dependencies; imported before @peculiar/x509, this stands in.
 */
const records = new WeakMap<object, Map<unknown, unknown>>();

function getOwnMetadata(key: unknown, target: object): unknown {
  return records.get(target)?.get(key);
}

function getMetadata(key: unknown, target: object): unknown {
  for (let at: object | null = target; at !== null; at = Reflect.getPrototypeOf(at)) {
    if (records.get(at)?.has(key)) return getOwnMetadata(key, at);
  }
  return undefined;
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const record = records.get(target) ?? new Map<unknown, unknown>();
  record.set(key, value);
  records.set(target, record);
}

if (!('getMetadata' in Reflect)) Object.assign(Reflect, { getMetadata, getOwnMetadata, defineMetadata });

// oxlint-disable-next-line unicorn/require-module-specifiers -- without an export the file would be a script, its names global
export {};
