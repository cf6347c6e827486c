import type { Attack } from './attack.ts';
import { downgradeEmail } from './downgrade-email.ts';
import { downgradeNostr } from './downgrade-nostr.ts';
import { downgradeSignal } from './downgrade-signal.ts';
import { forkGroup } from './fork-group.ts';
import { ghostDeviceSignal } from './ghost-device-signal.ts';
import { replayEmail } from './replay-email.ts';
import { replayNostr } from './replay-nostr.ts';
import { replaySignal } from './replay-signal.ts';
import { stripEmail } from './strip-email.ts';
import { stripNostr } from './strip-nostr.ts';
import { stripSignal } from './strip-signal.ts';
import { swapKeyEmail } from './swap-key-email.ts';
import { swapKeyNostr } from './swap-key-nostr.ts';
import { swapKeySignal } from './swap-key-signal.ts';

/** Every attack, by what is attacked. */
export const attacks: readonly Attack[] = [
  swapKeyEmail,
  swapKeySignal,
  swapKeyNostr,
  replayEmail,
  replaySignal,
  replayNostr,
  stripEmail,
  stripSignal,
  stripNostr,
  downgradeEmail,
  downgradeSignal,
  downgradeNostr,
  ghostDeviceSignal,
  forkGroup,
];
