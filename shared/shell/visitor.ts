import * as v from 'valibot';
import type { AccountId } from '../ids.ts';
import { idSchema } from '../contract/content.ts';

/** Who is at the other end of a pipe the shell introduces to core. */
export type Visitor = { readonly kind: 'page' } | { readonly kind: 'lane'; readonly account: AccountId };

const visitorSchema: v.GenericSchema<unknown, Visitor> = v.variant('kind', [
  v.strictObject({ kind: v.literal('page') }),
  v.strictObject({ kind: v.literal('lane'), account: idSchema<AccountId>() }),
]) as v.GenericSchema<unknown, Visitor>;

/** A visitor as the name of a channel. */
export const visitorName = (visitor: Visitor): string => JSON.stringify(visitor);

/** Reads {@link visitorName}'s text; null for anything else. */
export function readVisitor(name: string): Visitor | null {
  try {
    const read = v.safeParse(visitorSchema, JSON.parse(name));
    return read.success ? read.output : null;
  } catch {
    return null;
  }
}
