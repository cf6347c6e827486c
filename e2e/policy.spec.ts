import { createSocket } from 'node:dgram';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { once } from 'node:events';
import { expect, test } from './fixtures/test.ts';

test('code that got into the page can neither run more code nor tell anybody', async ({ launch, folder }) => {
  // Somebody who listens on this machine: what arrives here got out.
  const heard: string[] = [];
  const listener = createServer((request, response) => {
    heard.push(request.url ?? '');
    response.end();
  });
  listener.listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as AddressInfo;
  // WebRTC looks for itself by asking a server over UDP, and no content security policy reaches it.
  const ear = createSocket('udp4', (message) => heard.push(`${message.byteLength} bytes of UDP`));
  ear.bind(0, '127.0.0.1');
  await once(ear, 'listening');
  const app = await launch(folder);
  try {
    await expect(app.page.getByRole('heading', { level: 1 })).toBeVisible();
    const outcomes = await app.page.evaluate(
      async ({ out, stun }) => {
        const attempt = async (act: () => unknown): Promise<string> => {
          try {
            return `did: ${String(await act())}`;
          } catch (error) {
            return error instanceof Error ? error.name : 'refused';
          }
        };
        const loads = (element: HTMLElement & { src: string }): Promise<string> =>
          new Promise((resolve, reject) => {
            element.addEventListener('load', () => resolve('loaded'));
            element.addEventListener('error', () => reject(new Error('refused')));
            element.src = `${out}/leak`;
            document.body.append(element);
          });
        return {
          fetch: await attempt(() => fetch(`${out}/leak`)),
          beacon: await attempt(() => navigator.sendBeacon(`${out}/leak`)),
          socket: await attempt(
            () =>
              new Promise((resolve, reject) => {
                const socket = new WebSocket(out.replace('http', 'ws'));
                socket.addEventListener('open', resolve);
                socket.addEventListener('error', () => reject(new Error('refused')));
              }),
          ),
          image: await attempt(() => loads(document.createElement('img'))),
          frame: await attempt(() => {
            document.body.append(Object.assign(document.createElement('iframe'), { src: `${out}/leak` }));
            return new Promise((resolve) => setTimeout(resolve, 300));
          }),
          calling: await attempt(async () => {
            const call = new RTCPeerConnection({ iceServers: [{ urls: stun }] });
            const gathered = new Promise<number>((resolve) => {
              let found = 0;
              call.addEventListener('icecandidate', ({ candidate }) => {
                if (candidate === null) resolve(found);
                else if (candidate.candidate !== '') found += 1;
              });
            });
            call.createDataChannel('leak');
            await call.setLocalDescription(await call.createOffer());
            return gathered;
          }),
          inline: await attempt(() => {
            const script = document.createElement('script');
            script.textContent = 'globalThis.ran = true';
            document.body.append(script);
            return 'ran' in globalThis;
          }),
          markup: await attempt(() => (document.body.innerHTML = '<b>x</b>')),
          trust: await attempt(() => {
            const factory = (
              globalThis as unknown as { trustedTypes: { createPolicy(name: string, rules: object): object } }
            ).trustedTypes;
            return factory.createPolicy('mine', {});
          }),
          // oxlint-disable-next-line no-implied-eval, no-new-func -- that it fails is what is tested
          evaluate: await attempt(() => new Function('return 1')()),
        };
      },
      { out: `http://127.0.0.1:${port}`, stun: `stun:127.0.0.1:${ear.address().port}` },
    );
    expect(outcomes.fetch).toBe('TypeError');
    expect(outcomes.socket).toBe('Error');
    expect(outcomes.image).toBe('Error');
    expect(outcomes.calling).toBe('did: 0');
    expect(outcomes.inline).not.toBe('did: true');
    expect(outcomes.markup).toBe('TypeError');
    expect(outcomes.trust).toBe('TypeError');
    expect(outcomes.evaluate).toBe('EvalError');
    expect(heard).toEqual([]);
    expect(app.broken.length).toBeGreaterThan(0);
  } finally {
    await app.stop();
    listener.close();
    ear.close();
  }
});
