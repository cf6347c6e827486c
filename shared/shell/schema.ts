import * as v from 'valibot';
import { idSchema } from '../contract/content.ts';
import { PlainsealError } from '../errors.ts';
import { networks, type AccountId, type GrantId } from '../ids.ts';
import { crashPoints } from '../lane/lane.ts';
import type { Check } from '../wire/rpc.ts';
import {
  confirmKinds,
  confirmTroubles,
  confirmWays,
  secretKinds,
  type HostCallName,
  type WindowCallName,
} from './host.ts';

/** Longest title or body of a notice; the system cuts earlier. */
const MAX_NOTICE = 1_000;
const nothing = v.strictObject({});
const grant = idSchema<GrantId>();
const account = idSchema<AccountId>();
const keyBytes = v.pipe(
  v.instance(Uint8Array),
  v.check((bytes) => bytes.byteLength <= 16 * 1024),
);
const text = v.pipe(v.string(), v.maxLength(MAX_NOTICE));
const fileName = v.pipe(v.string(), v.maxLength(255));

/** The shape of every call from core to its shell. */
export const hostSchemas: { readonly [K in HostCallName]: v.GenericSchema } = {
  'key.unwrap': v.strictObject({ wrapped: keyBytes }),
  'key.wrap': v.strictObject({ key: keyBytes }),
  confirm: v.strictObject({
    kind: v.picklist(confirmKinds),
    facts: v.record(v.pipe(v.string(), v.maxLength(40)), text),
    secret: v.exactOptional(v.picklist(secretKinds)),
    trouble: v.exactOptional(v.picklist(confirmTroubles)),
    way: v.exactOptional(v.picklist(confirmWays)),
    series: v.exactOptional(v.literal(true)),
  }),
  'confirm.end': nothing,
  notify: v.strictObject({ title: text, body: v.nullable(text), tag: v.pipe(v.string(), v.maxLength(512)) }),
  badge: v.strictObject({ count: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) }),
  'file.pick': nothing,
  'file.save': v.strictObject({ name: fileName }),
  'grant.open': v.strictObject({ grant }),
  'grant.close': v.strictObject({ grant }),
  'crash.point': v.strictObject({ name: v.picklist(crashPoints) }),
  'lane.start': v.strictObject({ account, network: v.picklist(networks) }),
  'lane.stop': v.strictObject({ account }),
};

/** The shape of every call from the page to its shell. */
export const windowSchemas: { readonly [K in WindowCallName]: v.GenericSchema } = {
  'link.open': v.strictObject({ url: v.pipe(v.string(), v.maxLength(4_000)) }),
  'clipboard.write': v.strictObject({ text: v.pipe(v.string(), v.maxLength(1_000_000)) }),
  'title.set': v.strictObject({ unread: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) }),
  'link.given': nothing,
};

/** A {@link Check} over a table of schemas. */
export function checkOf(schemas: { readonly [name: string]: v.GenericSchema }): Check {
  return (name, args) => {
    const schema = Object.hasOwn(schemas, name) ? schemas[name] : undefined;
    const read = schema ? v.safeParse(schema, args) : null;
    if (!read?.success) throw new PlainsealError('bad-request', `argument of ${name}`);
    return read.output;
  };
}
