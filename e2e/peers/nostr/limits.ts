/** What a relay asks and allows. All of it is in its NIP-11 document. */
export interface Limits {
  /** A longer frame closes the connection (1009). Bytes. */
  readonly maxMessageBytes: number;
  /** A longer event is refused. Bytes of its JSON. */
  readonly maxEventBytes: number;
  /** Open subscriptions of one connection. */
  readonly maxSubscriptions: number;
  readonly maxFilters: number;
  /** Stored events given per filter. */
  readonly maxLimit: number;
  /** Events of one connection in any minute; null for no limit. */
  readonly eventsPerMinute: number | null;
  /** How far `created_at` may lie ahead. */
  readonly maxFutureSeconds: number;
  /** Who must prove an account (NIP-42): nobody, who reads gift wraps (as their recipient), everybody. */
  readonly auth: 'never' | 'inbox' | 'always';
}

/** Limits as common relays have them. */
export const defaultLimits: Limits = {
  maxMessageBytes: 131_072,
  maxEventBytes: 65_536,
  maxSubscriptions: 20,
  maxFilters: 10,
  maxLimit: 500,
  eventsPerMinute: null,
  maxFutureSeconds: 900,
  auth: 'never',
};

/** The relay's own description (NIP-11). */
export function informationDocument(limits: Limits): object {
  return {
    name: 'Plainseal test relay',
    description: 'A relay on this machine that breaks on demand',
    supported_nips: [1, 11, 42],
    software: 'plainseal-test-relay',
    version: '1',
    limitation: {
      max_message_length: limits.maxMessageBytes,
      max_subscriptions: limits.maxSubscriptions,
      max_filters: limits.maxFilters,
      max_limit: limits.maxLimit,
      max_subid_length: 64,
      auth_required: limits.auth === 'always',
      created_at_upper_limit: limits.maxFutureSeconds,
    },
  };
}
