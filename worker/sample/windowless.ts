import type { HostCalls } from '../../shared/shell/host.ts';
import type { Handlers } from '../../shared/wire/rpc.ts';

const no = (): never => {
  throw new Error('there is no window here');
};

/** A shell without a window, for tests and the crash harness: says yes to everything and has neither keyring nor dialogs. */
export const windowless: Handlers<Omit<HostCalls, 'crash.point' | 'lane.start' | 'lane.stop'>> = {
  'key.wrap': no,
  'key.unwrap': no,
  'file.pick': no,
  'file.save': no,
  'grant.open': no,
  'grant.close': () => null,
  confirm: () => ({ ok: true, secret: null }),
  'confirm.end': () => null,
  notify: () => null,
  badge: () => null,
};
