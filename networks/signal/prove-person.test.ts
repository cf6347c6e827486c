import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { FlowAnswer } from '../../shared/lane/flow.ts';
import type { LaneStatus } from '../../shared/lane/lane.ts';
import { createChallenge, type Challenge } from './challenge.ts';
import { captchaIn, provePerson } from './prove-person.ts';
import { openNetwork } from './test/network.ts';

const NOW = 1_000_000;
let challenge: Challenge;
let network: ReturnType<typeof openNetwork>;
let answers: Awaited<ReturnType<ReturnType<typeof openNetwork>['service']['answerChallenge']>>['kind'][];
let given: string[];
let isConnected: boolean;
let statuses: LaneStatus[];

beforeEach(() => {
  network = openNetwork();
  [answers, given, statuses, isConnected] = [[], [], [], true];
  challenge = createChallenge(
    { now: () => NOW, status: (status) => void statuses.push(status), log: () => undefined },
    () => {
      if (isConnected) statuses.push({ kind: 'online' });
    },
    async () => undefined,
  );
});
afterEach(() => challenge.close());

const demand = (): void => challenge.demand({ token: 'T', retryAfterMs: 60_000, options: ['captcha'] });
const pasted = (captcha: string): FlowAnswer => ({ kind: 'fields', values: { captcha } });
const LINK = 'signalcaptcha://signal-hcaptcha.5fad97ac.challenge.P1_x';

/** What a person is asked, and told in the end. */
async function flow(...said: readonly FlowAnswer[]): Promise<readonly string[]> {
  const service = {
    ...network.service,
    async answerChallenge(_token: string, captcha: string) {
      given.push(captcha);
      return { kind: answers.shift() ?? 'done' } as Awaited<
        ReturnType<typeof network.service.answerChallenge>
      >;
    },
  };
  const steps = provePerson({
    challenge,
    service: () => (isConnected ? service : null),
    context: { now: () => NOW } as Parameters<typeof provePerson>[0]['context'],
  });
  const left = [...said];
  const told: string[] = [];
  let answer: FlowAnswer | undefined;
  for (;;) {
    const { value: step, done } = await steps.next(answer);
    answer = undefined;
    if (done) return told;
    if (step.kind === 'ask') {
      told.push(`ask ${step.why}`);
      answer = left.shift();
      if (answer === undefined) return told;
    } else if (step.kind !== 'progress') told.push(step.kind);
  }
}

describe('showing that I am a person', () => {
  test('the server gets what stands behind the scheme of the link; it is over, and the lane goes on', async () => {
    demand();
    expect(statuses).toEqual([{ kind: 'needs-person', why: 'captcha' }]);
    expect(await flow(pasted(` ${LINK}\n`))).toEqual(['ask null', 'done']);
    expect(given).toEqual(['signal-hcaptcha.5fad97ac.challenge.P1_x']);
    expect(challenge.until(NOW)).toBeNull();
    expect(statuses.at(-1)).toEqual({ kind: 'online' });
  });

  test('what is no such link goes to nobody, and is asked again', async () => {
    demand();
    expect(await flow(pasted('hello mum'), { kind: 'no' }, pasted(LINK))).toEqual([
      'ask null',
      'ask code-malformed',
      'ask code-malformed',
      'done',
    ]);
    expect(given).toHaveLength(1);
  });

  test('what the server does not take, or cannot be asked, leaves the challenge standing', async () => {
    demand();
    answers = ['refused', 'offline'];
    expect(await flow(pasted(LINK), pasted(LINK))).toEqual([
      'ask null',
      'ask code-expired',
      'ask server-unreachable',
    ]);
    isConnected = false;
    expect(await flow(pasted(LINK))).toEqual(['ask null', 'ask server-unreachable']);
    expect(challenge.until(NOW)).not.toBeNull();
  });

  test('where nothing is asked it is done at once', async () => {
    expect(await flow()).toEqual(['done']);
  });
});

test.each([
  [LINK, 'signal-hcaptcha.5fad97ac.challenge.P1_x'],
  ['signal-recaptcha-v2.6Le.challenge.03A-x', 'signal-recaptcha-v2.6Le.challenge.03A-x'],
  ['', null],
  ['signalcaptcha://', null],
  ['signalcaptcha://hello', null],
  ['signalcaptcha://signal-hcaptcha.a b', null],
  ['https://signalcaptchas.org/challenge/generate.html', null],
  [`signal-hcaptcha.${'x'.repeat(20_001)}`, null],
])('%j is %j to the server', (text, captcha) => expect(captchaIn(text)).toBe(captcha));
