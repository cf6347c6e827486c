import table from './providers.json' with { type: 'json' };
import type { Server } from './account-record.ts';

/** How a provider lets a mail program sign in; `none`: it offers no IMAP at all. */
export type SignIn = 'password' | 'oauth' | 'none';

/** A mail provider as the bundled table (providers.json: source and date on each row) knows it. */
export interface Provider {
  readonly name: string;
  readonly domains: readonly string[];
  readonly signIn: SignIn;
  readonly imap: Server | null;
  readonly smtp: Server | null;
  readonly source: string;
  readonly date: string;
}

export const providers = table as readonly Provider[];

const byDomain: ReadonlyMap<string, Provider> = new Map(
  providers.flatMap((provider) => provider.domains.map((domain) => [domain, provider] as const)),
);

/** The provider of an address by its domain (lower case); null when the table does not know it. */
export function providerOf(domain: string): Provider | null {
  return byDomain.get(domain) ?? null;
}

/** The name by which people know who runs a domain's mail; the domain itself where nobody is known. */
export function providerName(domain: string): string {
  return byDomain.get(domain)?.name ?? domain;
}
