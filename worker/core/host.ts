import type { HostCalls, HostEvents } from '../../shared/shell/host.ts';
import type { Link } from '../../shared/wire/rpc.ts';

/** Core's half of the line to the shell. */
export type HostLink = Pick<Link<HostCalls, Record<string, never>, HostEvents>, 'call' | 'listen'>;
