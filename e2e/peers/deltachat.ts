import { randomUUID } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { C } from '@deltachat/jsonrpc-client';
import type { RawClient, T } from '@deltachat/jsonrpc-client';
import { startCore } from './deltachat-core.ts';
import type { DeltaChatCore } from './deltachat-core.ts';
import { incomingText, waitsOf } from './deltachat-waits.ts';
import type { DeltaChatWaits, IncomingText } from './deltachat-waits.ts';

/** Where the peer's mail server listens (TLS from the first byte). */
export interface MailEndpoints {
  readonly imap: { readonly host: string; readonly port: number };
  readonly smtp: { readonly host: string; readonly port: number };
}

/** A Delta Chat user to be. */
export interface DeltaChatOptions {
  readonly mail: MailEndpoints;
  readonly address: string;
  readonly password?: string;
  readonly name?: string;
  /** Settings of the core, e.g. `{ force_encryption: '0', mdns_enabled: '0' }`, set before the profile goes online. */
  readonly config?: Readonly<Record<string, string>>;
}

/** A real Delta Chat user, online. Ids are the core's own. Waiting functions throw after their timeout (ms). */
export interface DeltaChat extends DeltaChatWaits {
  readonly address: string;
  readonly account: number;
  readonly rpc: RawClient;
  readonly core: DeltaChatCore;
  readonly options: DeltaChatOptions;

  /** Own vCard with address, name and OpenPGP certificate. */
  vcard(): Promise<string>;
  /** Imports a vCard; gives the contact, which with a key in the card is a key-contact. */
  importVcard(vcard: string): Promise<number>;
  contact(contact: number): Promise<T.Contact>;
  /** The 1:1 chat with a contact, made on the way. */
  chatWith(contact: number): Promise<number>;
  createGroup(name: string, contacts: readonly number[]): Promise<number>;

  /** A SecureJoin link for me, or for one of my groups or channels. */
  inviteLink(chat?: number): Promise<string>;
  /** Follows a SecureJoin link to its end; gives the chat. */
  join(link: string, timeoutMs?: number): Promise<number>;

  /** Sends and gives the message id at once; a contact request is accepted first. */
  sendText(chat: number, text: string): Promise<number>;
  reply(message: number, text: string): Promise<number>;
  react(message: number, emoji: string): Promise<void>;
  sendFile(chat: number, name: string, bytes: Uint8Array, text?: string): Promise<number>;
  edit(message: number, text: string): Promise<void>;
  deleteForAll(message: number): Promise<void>;
  /** Marks as read, which sends a read receipt when the sender asked for one and the chat is accepted. */
  markSeen(message: number): Promise<void>;

  message(message: number): Promise<T.Message>;
  /** The file of a message, whole. Throws when it has none. */
  fileOf(message: number): Promise<Buffer>;
  /** Answers each incoming text from now on (null = no answer); accepts the chat and marks as read. Gives the way to stop. */
  answer(how: (incoming: IncomingText) => string | null | Promise<string | null>): () => void;

  /** Ends the process (all profiles of this core). */
  stop(): Promise<void>;
}

const JOINED = 1000;
/** Connectivity of a core that has fetched what there was (DC_CONNECTIVITY_CONNECTED). */
const CONNECTED = 4000;

/** Starts a core process with one profile, configured and online. */
export async function startDeltaChat(options: DeltaChatOptions): Promise<DeltaChat> {
  const core = await startCore();
  try {
    return await addProfile(core, options);
  } catch (error) {
    await core.stop();
    throw error;
  }
}

/** The same address with a new key: ends `old` for good and starts a fresh profile in a new process. */
export async function replaceKey(old: DeltaChat): Promise<DeltaChat> {
  await old.stop();
  return startDeltaChat(old.options);
}

/** Adds one more profile to a running core (cheaper than a process each). Throws when the server refuses the login. */
export async function addProfile(core: DeltaChatCore, options: DeltaChatOptions): Promise<DeltaChat> {
  const { rpc } = core;
  const { address, mail, password = 'pw', name = address } = options;
  const account = await rpc.addAccount();
  await rpc.setConfig(account, 'displayname', name);
  for (const [key, value] of Object.entries(options.config ?? {})) await rpc.setConfig(account, key, value);
  const waits = waitsOf(core, account, address);
  await rpc.addOrUpdateTransport(account, {
    addr: address,
    password,
    imapServer: mail.imap.host,
    imapPort: mail.imap.port,
    imapSecurity: 'ssl',
    imapUser: address,
    imapFolder: null,
    smtpServer: mail.smtp.host,
    smtpPort: mail.smtp.port,
    smtpSecurity: 'ssl',
    smtpUser: address,
    smtpPassword: null,
    certificateChecks: 'acceptInvalidCertificates',
  });
  await rpc.startIo(account);
  // A mail that arrives before the first look into the inbox counts as an old one, and an invitation's answer would be lost.
  await core.until(
    account,
    `${address}: connected`,
    async () => (await rpc.getConnectivity(account)) >= CONNECTED || null,
  );

  const message = (id: number): Promise<T.Message> => rpc.getMessage(account, id);
  const accept = async (chat: number): Promise<void> => {
    const { isContactRequest } = await rpc.getBasicChatInfo(account, chat);
    if (isContactRequest) await rpc.acceptChat(account, chat);
  };
  const send = async (chat: number, data: Partial<T.MessageData>): Promise<number> => {
    await accept(chat);
    const none = { text: null, html: null, viewtype: null, file: null, filename: null, location: null };
    return rpc.sendMsg(account, chat, {
      ...none,
      overrideSenderName: null,
      quotedMessageId: null,
      quotedText: null,
      ...data,
    });
  };
  return {
    address,
    account,
    rpc,
    core,
    options,

    vcard: () => rpc.makeVcard(account, [C.DC_CONTACT_ID_SELF]),
    async importVcard(vcard) {
      const [contact] = await rpc.importVcardContents(account, vcard);
      if (contact === undefined) throw new Error('the vCard holds no contact');
      return contact;
    },
    contact: (contact) => rpc.getContact(account, contact),
    chatWith: (contact) => rpc.createChatByContactId(account, contact),
    async createGroup(title, contacts) {
      const chat = await rpc.createGroupChat(account, title, false);
      for (const contact of contacts) await rpc.addContactToChat(account, chat, contact);
      return chat;
    },

    inviteLink: (chat) => rpc.getChatSecurejoinQrCode(account, chat ?? null),
    async join(link, timeoutMs) {
      let joined = false;
      const stop = core.listen(account, (event) => {
        if (event.kind === 'SecurejoinJoinerProgress' && event.progress === JOINED) joined = true;
      });
      try {
        const chat = await rpc.secureJoin(account, link);
        await core.until(
          account,
          `${address}: SecureJoin finished`,
          () => Promise.resolve(joined || null),
          timeoutMs,
        );
        return chat;
      } finally {
        stop();
      }
    },

    sendText: (chat, text) => send(chat, { text }),
    async reply(id, text) {
      return send((await message(id)).chatId, { text, quotedMessageId: id });
    },
    async react(id, emoji) {
      await accept((await message(id)).chatId);
      await rpc.sendReaction(account, id, [emoji]);
    },
    async sendFile(chat, filename, bytes, text) {
      // The core takes files by path only.
      const folder = path.join(core.directory, 'outgoing', randomUUID());
      await mkdir(folder, { recursive: true });
      const file = path.join(folder, 'file');
      await writeFile(file, bytes);
      return send(chat, { file, filename, text: text ?? null });
    },
    async edit(id, text) {
      await rpc.sendEditRequest(account, id, text);
    },
    async deleteForAll(id) {
      await rpc.deleteMessagesForAll(account, [id]);
    },
    async markSeen(id) {
      await rpc.markseenMsgs(account, [id]);
    },

    ...waits,
    message,
    async fileOf(id) {
      const { file } = await message(id);
      if (file === null) throw new Error(`message ${id} has no file`);
      return readFile(file);
    },
    answer(how) {
      const respond = async (id: number): Promise<void> => {
        const one = await incomingText(core, account, id);
        if (one.raw.isInfo || one.raw.isBot) return;
        await accept(one.chat);
        await rpc.markseenMsgs(account, [id]);
        const text = await how(one);
        if (text !== null) await send(one.chat, { text });
      };
      return core.listen(account, (event) => {
        // A message that is gone before it was answered needs no answer.
        if (event.kind === 'IncomingMsg') void respond(event.msgId).catch(() => undefined);
      });
    },

    stop: () => core.stop(),
  };
}
