import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ConfirmQuestion } from '../shared/shell/host.ts';
import { startConfirmations, type Confirmations } from './confirm.ts';

let run: string;
let confirmations: Confirmations;
let shown: string[];
let awaited: ((url: string) => void) | null;

beforeEach(async () => {
  run = await mkdtemp(join(tmpdir(), 'plainseal-confirm-'));
  shown = [];
  awaited = null;
  confirmations = await startConfirmations({
    run,
    show: (url) => {
      if (awaited) awaited(url);
      else shown.push(url);
      awaited = null;
    },
  });
});
afterEach(async () => {
  await confirmations.close();
  await rm(run, { recursive: true });
});

const never = new AbortController().signal;
const question: ConfirmQuestion = {
  kind: 'mark-checked',
  facts: { name: 'Alice', fingerprint: 'AAAA BBBB' },
};

function nextShown(): Promise<string> {
  const url = shown.shift();
  return url === undefined ? new Promise((resolve) => (awaited = resolve)) : Promise.resolve(url);
}

type Form = { readonly action: string; readonly token: string; readonly html: string };

/** Does what the browser does with the local page: posts its form. */
async function openQuestion(): Promise<Form> {
  const local = await readFile(fileURLToPath(await nextShown()), 'utf8');
  const action = /action="([^"]+)"/.exec(local)?.[1] ?? '';
  const response = await post(action, { token: /value="([^"]+)"/.exec(local)?.[1] ?? '' }, 'null');
  const html = await response.text();
  expect(response.headers.get('content-security-policy')).toContain("default-src 'none'");
  return {
    action: new URL('/answer', action).href,
    token: /name="token" value="([^"]+)"/.exec(html)?.[1] ?? '',
    html,
  };
}

const post = (url: string, fields: Record<string, string>, origin = new URL(url).origin): Promise<Response> =>
  fetch(url, { method: 'POST', headers: { origin }, body: new URLSearchParams(fields) });

describe('the window that asks', () => {
  it('asks in words and gives the answer', async () => {
    const answered = confirmations.ask(question, never);
    const { action, token, html } = await openQuestion();
    expect(html).toContain('Mark Alice as checked?');
    expect(html).toContain('AAAA BBBB');
    expect(html).not.toContain('<script');
    await post(action, { token, ok: 'yes' });
    expect(await answered).toEqual({ ok: true, secret: null });
  });

  it('takes everything but yes as no', async () => {
    for (const ok of ['no', '', 'YES', 'true']) {
      const answered = confirmations.ask(question, never);
      const { action, token } = await openQuestion();
      await post(action, { token, ok, secret: 'unasked' });
      expect(await answered).toEqual({ ok: false, secret: null });
    }
  });

  it('brings a secret only where one was asked for', async () => {
    const withSecret = confirmations.ask({ kind: 'export-key', facts: {}, secret: 'new-passphrase' }, never);
    const first = await openQuestion();
    const typed = { token: first.token, ok: 'yes', secret: 'long enough' };
    // A slip in what is new is told in the window, and core hears nothing of it.
    const slipped = await (await post(first.action, { ...typed, repeat: 'long enougj' })).text();
    expect(slipped).toContain('The two were not the same.');
    expect(slipped).not.toContain('long enoug');
    await post(first.action, { ...typed, repeat: 'long enough' });
    expect(await withSecret).toEqual({ ok: true, secret: 'long enough' });

    const without = confirmations.ask(question, never);
    const second = await openQuestion();
    await post(second.action, { token: second.token, ok: 'yes', secret: 'pushed in' });
    expect(await without).toEqual({ ok: true, secret: null });
  });

  it('shows the questions of a series one after the other in one window, and then its end', async () => {
    const series = { ...question, kind: 'import-key', secret: 'key-text', series: true } as const;
    const first = confirmations.ask(series, never);
    const { action, token } = await openQuestion();
    const reply = post(action, { token, ok: 'yes', secret: 'a key' });
    expect(await first).toEqual({ ok: true, secret: 'a key' });
    const second = confirmations.ask(
      { ...series, secret: 'passphrase', trouble: 'passphrase-needed' },
      never,
    );
    const next = await (await reply).text();
    expect(next).toContain('This key has a passphrase.');
    expect(next).not.toContain('a key<');
    expect(shown).toEqual([]);
    // The first answer is spent.
    expect((await post(action, { token, ok: 'yes', secret: 'b' })).status).toBe(403);
    const last = post(action, {
      token: /name="token" value="([^"]+)"/.exec(next)?.[1] ?? '',
      ok: 'yes',
      secret: 'open sesame',
    });
    expect(await second).toEqual({ ok: true, secret: 'open sesame' });
    confirmations.end();
    expect(await (await last).text()).toContain('You can close this window.');
  });

  it('opens a window for what follows in a series when the one before was closed', async () => {
    const first = confirmations.ask({ ...question, series: true }, never);
    const { action, token } = await openQuestion();
    const closing = new AbortController();
    const body = new URLSearchParams({ token, ok: 'yes' });
    const headers = { origin: new URL(action).origin };
    const reply = fetch(action, { method: 'POST', headers, body, signal: closing.signal });
    await first;
    closing.abort();
    await expect(reply).rejects.toThrow();
    // Whether or not the server has heard of it by now.
    const second = confirmations.ask(question, never);
    const form = await openQuestion();
    await post(form.action, { token: form.token, ok: 'yes' });
    expect((await second).ok).toBe(true);
  });

  it('refuses a form larger than any key, and still waits for the answer', async () => {
    const answered = confirmations.ask({ kind: 'import-key', facts: {}, secret: 'key-text' }, never);
    const { action, token } = await openQuestion();
    const large = await post(action, { token, ok: 'yes', secret: 'x'.repeat(300 * 1024) });
    expect([large.status, await large.text()]).toEqual([413, expect.stringContaining('too large')]);
    await post(action, { token, ok: 'no' });
    expect((await answered).ok).toBe(false);
  });

  it('cannot be answered by another origin, an older token, or twice', async () => {
    const first = confirmations.ask(question, never);
    const old = await openQuestion();
    expect((await post(old.action, { token: old.token, ok: 'yes' }, 'http://127.0.0.1:1')).status).toBe(403);
    expect((await post(old.action, { token: old.token, ok: 'yes' }, 'null')).status).toBe(403);
    await post(old.action, { token: old.token, ok: 'no' });
    expect((await first).ok).toBe(false);

    const second = confirmations.ask(question, never);
    const form = await openQuestion();
    expect((await post(form.action, { token: old.token, ok: 'yes' })).status).toBe(403);
    await post(form.action, { token: form.token, ok: 'no' });
    expect((await second).ok).toBe(false);
    expect((await post(form.action, { token: form.token, ok: 'yes' })).status).toBe(403);
  });

  it('asks one thing at a time', async () => {
    const first = confirmations.ask(question, never);
    const second = confirmations.ask({ kind: 'lower-floor', facts: { name: 'Bob' } }, never);
    const form = await openQuestion();
    expect(shown).toEqual([]);
    await post(form.action, { token: form.token, ok: 'yes' });
    await first;
    const next = await openQuestion();
    expect(next.html).toContain('Bob');
    await post(next.action, { token: next.token, ok: 'no' });
    await second;
  });

  it('is a no when core no longer asks, and when the shell ends', async () => {
    const stop = new AbortController();
    const first = confirmations.ask(question, stop.signal);
    await nextShown();
    stop.abort();
    expect((await first).ok).toBe(false);
    const second = confirmations.ask(question, never);
    await nextShown();
    await confirmations.close();
    expect((await second).ok).toBe(false);
  });

  it('shows facts as text, whatever is in them', async () => {
    const answered = confirmations.ask(
      {
        kind: 'remove-account',
        facts: { name: '<img src=x onerror=1>"\'', address: '</dd><script>1</script>' },
      },
      never,
    );
    const { action, token, html } = await openQuestion();
    expect(html).not.toMatch(/<script|<img/);
    await post(action, { token, ok: 'no' });
    await answered;
  });
});
