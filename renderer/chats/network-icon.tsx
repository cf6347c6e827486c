import { FlaskConical, Mail, MessageCircle, Waypoints } from 'lucide-react';
import type { ReactNode } from 'react';
import type { NetworkId } from '../../shared/ids.ts';

const icons = { email: Mail, signal: MessageCircle, nostr: Waypoints, dummy: FlaskConical } as const;

/** The sign of a network; never without its name. */
export function NetworkIcon({ network }: { readonly network: NetworkId }): ReactNode {
  const Icon = icons[network];
  return <Icon aria-hidden="true" />;
}
