import { create, toBinary } from '@bufbuild/protobuf';
import { expect } from '@playwright/test';
import type { ServiceId } from '../../crypto/signal/address.ts';
import { ENVELOPE } from '../../networks/signal/codec/numbers.ts';
import { serviceIdBytes } from '../../networks/signal/codec/service-id.ts';
import { ContentSchema, EnvelopeSchema } from '../../networks/signal/proto/signal_pb.ts';
import { messageWith, PEER_MS } from '../fixtures/steps.ts';
import type { Attack } from './attack.ts';
import { meetOnSignal } from './meet.ts';

/** What begins open content, and what ends it (libsignal, PlaintextContent). */
const OPEN = 0xc0;
const END = 0x80;

/** Signal has one kind of open content, for saying that something did not open. The server puts a message into it. */
export const stripSignal: Attack = {
  name: 'strip-signal',
  number: 'AT-03',
  network: 'signal',
  does: 'The server hands over a message without encryption in Sam’s name.',
  outcome: 'refused',
  async run(stage) {
    const { page, signal, linked } = stage;
    const sam = await meetOnSignal(stage, 'Sam');
    const now = BigInt(Date.now());
    const said = { case: 'data', value: { sentAt: now, body: 'Sam says: trust me' } } as const;
    const open = create(EnvelopeSchema, {
      type: ENVELOPE.plaintext,
      sourceBinary: serviceIdBytes(sam.aci as ServiceId),
      sourceDevice: 1,
      destinationBinary: serviceIdBytes(linked.aci as ServiceId),
      sentAt: now,
      serverAt: now,
      content: Uint8Array.of(OPEN, ...toBinary(ContentSchema, create(ContentSchema, { kind: said })), END),
    });
    await signal.call('sendRaw', {
      device: linked.id,
      envelope: toBinary(EnvelopeSchema, open),
      times: 1,
    });
    await signal.sendText(sam, linked, 'Sam says hello');
    await expect(messageWith(page, 'Sam says hello')).toBeVisible({ timeout: PEER_MS });
    await expect(messageWith(page, 'trust me')).toHaveCount(0);
    return null;
  },
};
