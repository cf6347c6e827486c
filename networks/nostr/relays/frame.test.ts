import { expect, test } from 'vitest';
import fc from 'fast-check';
import { readRelayFrame, relayCodes } from './frame.ts';

const id = 'ab'.repeat(32);

test('what relays say', () => {
  expect(readRelayFrame(`["EVENT","s",{"id":1}]`)).toEqual({
    kind: 'event',
    subscription: 's',
    event: { id: 1 },
  });
  expect(readRelayFrame(`["OK","${id}",true,""]`)).toEqual({
    kind: 'ok',
    event: id,
    accepted: true,
    code: 'other',
  });
  for (const code of relayCodes.slice(0, -1)) {
    expect(readRelayFrame(`["OK","${id}",false,"${code}: words"]`)).toMatchObject({ accepted: false, code });
    expect(readRelayFrame(`["CLOSED","s","${code}: words"]`)).toEqual({
      kind: 'closed',
      subscription: 's',
      code,
    });
  }
  expect(readRelayFrame(`["CLOSED","s"]`)).toEqual({ kind: 'closed', subscription: 's', code: 'other' });
  expect(readRelayFrame(`["CLOSED","s","secret words"]`)).toEqual({
    kind: 'closed',
    subscription: 's',
    code: 'other',
  });
  expect(readRelayFrame('["EOSE","s"]')).toEqual({ kind: 'eose', subscription: 's' });
  expect(readRelayFrame('["NOTICE","words"]')).toEqual({ kind: 'notice' });
  expect(readRelayFrame('["AUTH","c"]')).toEqual({ kind: 'auth', challenge: 'c' });
});

test('anything else is nothing, and no text makes it throw', () => {
  for (const text of [
    '',
    '{}',
    '[]',
    '["EVENT","s"]',
    '["EVENT",1,{}]',
    '["EVENT","s",[]]',
    '["OK","x",true,""]',
    `["OK","${id}","true",""]`,
    '["COUNT","s",{}]',
  ])
    expect(readRelayFrame(text)).toBeNull();
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void readRelayFrame(text)));
  const verbs = fc.constantFrom('EVENT', 'OK', 'EOSE', 'CLOSED', 'NOTICE', 'AUTH');
  fc.assert(
    fc.property(
      verbs,
      fc.array(fc.jsonValue()),
      (verb, rest) => void readRelayFrame(JSON.stringify([verb, ...rest])),
    ),
  );
});
