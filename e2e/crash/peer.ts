import { randomUUID } from 'node:crypto';
import PostalMime from 'postal-mime';
import { formatAutocrypt, parseAutocrypt } from '../../crypto/openpgp/autocrypt.ts';
import { readCertificate, type Certificate } from '../../crypto/openpgp/certificate.ts';
import { generateOwnKey, type OwnKey } from '../../crypto/openpgp/keys.ts';
import { openMessage } from '../../crypto/openpgp/open.ts';
import { seal } from '../../crypto/openpgp/seal.ts';
import type { MailServerProcess } from '../peers/mail/child.ts';
import { digestOf, type Message } from './message.ts';

/** Somebody with a key who writes and reads by script. What it holds is the oracle: never our database. */
export interface Peer {
  readonly address: string;
  /** What it wrote, in order. */
  readonly said: readonly Message[];
  /** What it got to see, in order: a mail whose Message-ID it knows is dropped, as every reader of mail does. */
  readonly heard: readonly Message[];
  /** Mails that came again, byte for byte the same. */
  readonly twins: number;
  /** What no peer should ever see: a mail that came again with other bytes, one that does not open, one without a good signature. */
  readonly faults: readonly string[];
  say(text: string, file?: Uint8Array): Promise<void>;
  /** Resolves at the next thing it hears. */
  next(): Promise<void>;
}

/** How long one question for the next mail lasts, in ms. */
const ASK_MS = 60_000;
const ARMOR = /-----BEGIN PGP MESSAGE-----[\s\S]*?-----END PGP MESSAGE-----\r?\n/;
const HEAD_END = '\r\n\r\n';

/** Starts a peer with a fresh key. It ends with the server. `me`: whom it writes to. */
export async function startPeer(server: MailServerProcess, address: string, me: string): Promise<Peer> {
  const key = await generateOwnKey({ address, now: Date.now() - 86_400_000 });
  const said: Message[] = [];
  const heard: Message[] = [];
  const faults: string[] = [];
  const known = new Map<string, Buffer>();
  let news = Promise.withResolvers<void>();
  let twins = 0;
  let theirs: Certificate | null = null;

  async function take(raw: Buffer): Promise<void> {
    const outer = await PostalMime.parse(raw);
    const id = outer.messageId ?? '';
    const before = known.get(id);
    if (before) {
      if (before.equals(raw)) twins += 1;
      else faults.push(`${id} came again with other bytes`);
      return;
    }
    known.set(id, raw);
    const inner = await open(raw, key, theirs);
    if (typeof inner === 'string') return void faults.push(`${id}: ${inner}`);
    const read = await PostalMime.parse(inner);
    theirs ??= await certificateIn(read.headers);
    const [file] = read.attachments;
    const bytes = file && new Uint8Array(file.content as ArrayBuffer);
    heard.push({ text: (read.text ?? '').trimEnd(), file: bytes ? digestOf(bytes) : null });
  }

  async function listen(): Promise<void> {
    for (let skip = 0; ; skip += 1) {
      const { raw } = await waitForMail(server, address, skip);
      await take(raw);
      news.resolve();
      news = Promise.withResolvers<void>();
    }
  }
  // The server's end is the peer's.
  void listen().catch(() => undefined);

  return {
    address,
    said,
    heard,
    faults,
    get twins() {
      return twins;
    },
    async say(text, file) {
      if (!theirs) throw new Error('the peer has no key to write to');
      const raw = await write({
        from: { address, key },
        to: { address: me, certificate: theirs },
        text,
        file,
      });
      // Before it is delivered: what is on its way is written.
      said.push({ text, file: file ? digestOf(file) : null });
      await server.deliver(me, raw);
    },
    next: () => news.promise,
  };
}

/** All mail on this server is from the one account under test, so that mails can be asked for by number. */
async function waitForMail(server: MailServerProcess, to: string, skip: number): Promise<{ raw: Buffer }> {
  for (;;) {
    try {
      return await server.waitForMail({ to, skip }, ASK_MS);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith('not seen within')) throw error;
    }
  }
}

/** The mail inside a sealed one, a mail in the clear as it is, or what is wrong. */
async function open(raw: Buffer, key: OwnKey, from: Certificate | null): Promise<Uint8Array | string> {
  const armored = ARMOR.exec(raw.toString('latin1'))?.[0];
  if (armored === undefined) return raw;
  const opened = await openMessage({
    armored: Buffer.from(armored, 'latin1'),
    own: [key],
    candidates: () => Promise.resolve(from ? [from] : []),
    now: Date.now(),
  });
  if (opened.kind === 'refused') return `not opened: ${opened.why}`;
  return opened.signature.kind === 'good' ? opened.plaintext : `signature ${opened.signature.kind}`;
}

async function certificateIn(
  headers: readonly { readonly key: string; readonly value: string }[],
): Promise<Certificate | null> {
  const value = headers.find((header) => header.key === 'autocrypt')?.value;
  const header = value === undefined ? null : parseAutocrypt(value);
  const read = header && (await readCertificate(header.keydata, Date.now()));
  return read?.kind === 'certificate' ? read.certificate : null;
}

/** A chat mail in the shape of RFC 3156, with its header inside as well. */
async function write(of: {
  readonly from: { readonly address: string; readonly key: OwnKey };
  readonly to: { readonly address: string; readonly certificate: Certificate };
  readonly text: string;
  readonly file: Uint8Array | undefined;
}): Promise<Buffer> {
  const { from, to, text, file } = of;
  const boundary = randomUUID();
  const head = [
    `From: <${from.address}>`,
    `To: <${to.address}>`,
    `Message-ID: <${randomUUID()}@example.org>`,
    `Date: ${new Date().toUTCString().replace('GMT', '+0000')}`,
    'Subject: [...]',
    'MIME-Version: 1.0',
    'Chat-Version: 1.0',
  ];
  const keydata = from.key.certificate.bytes;
  const autocrypt = formatAutocrypt({ address: from.address, keydata, preferEncrypt: 'mutual' });
  const type = 'text/plain; charset=utf-8';
  const part = (fields: readonly string[], body: string): string =>
    `--${boundary}\r\n${fields.join('\r\n')}${HEAD_END}${body}\r\n`;
  const inner = [
    ...head,
    `Autocrypt: ${autocrypt}`,
    file === undefined
      ? `Content-Type: ${type}; protected-headers="v1"`
      : `Content-Type: multipart/mixed; boundary="${boundary}"; protected-headers="v1"`,
  ];
  const body =
    file === undefined
      ? `${text}\r\n`
      : part([`Content-Type: ${type}`], text) +
        part(
          [
            'Content-Type: application/octet-stream',
            'Content-Transfer-Encoding: base64',
            'Content-Disposition: attachment; filename="file.bin"',
          ],
          Buffer.from(file).toString('base64').replaceAll(/.{76}/g, '$&\r\n'),
        ) +
        `--${boundary}--\r\n`;
  const sealed = await seal({
    plaintext: Buffer.from(`${inner.join('\r\n')}${HEAD_END}${body}`),
    from: from.key,
    to: [to.certificate],
    hideRecipients: false,
    now: Date.now(),
  });
  if (sealed.kind === 'refused') throw new Error(`not sealed: ${sealed.why}`);
  const outer = [
    ...head,
    `Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="${boundary}"`,
  ];
  return Buffer.from(
    `${outer.join('\r\n')}${HEAD_END}` +
      part(['Content-Type: application/pgp-encrypted'], 'Version: 1\r\n') +
      part(['Content-Type: application/octet-stream'], Buffer.from(sealed.armored).toString('latin1')) +
      `--${boundary}--\r\n`,
  );
}
