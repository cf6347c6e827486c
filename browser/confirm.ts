import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { readConfirmAnswer } from '../shared/shell/confirm-answer.ts';
import {
  confirmDone,
  confirmPage,
  confirmStyle,
  confirmTooLarge,
  CONFIRM_ANSWER_PATH,
  CONFIRM_STYLE_PATH,
} from '../shared/shell/confirm-page.ts';
import { confirmText } from '../shared/shell/confirm-words.ts';
import type { ConfirmAnswer, ConfirmQuestion } from '../shared/shell/host.ts';
import { confirmPolicy } from '../shared/shell/policy.ts';
import { answer, MAX_FORM_BYTES, readForm, refuse } from './answer.ts';
import { writeEntry, type Entry } from './entry.ts';
import { refusal } from './guard.ts';
import { closeServer, listenOnLoopback } from './page-server.ts';
import { newSecret, sameSecret } from './session.ts';

const ASK_PATH = '/ask';
/** How long a question stands unanswered before it counts as a no, in ms. */
const PATIENCE_MS = 5 * 60_000;
const no: ConfirmAnswer = { ok: false, secret: null };

/** The shell's own window: a second server, whose port and tokens the page never learns. */
export interface Confirmations {
  /** One after the other. Anything but the person's yes is a no: silence, an abort, the end of the shell. */
  ask(question: ConfirmQuestion, signal: AbortSignal): Promise<ConfirmAnswer>;
  /** No question follows the one that was answered last. */
  end(): void;
  close(): Promise<void>;
}

type Asked = {
  readonly question: ConfirmQuestion;
  readonly entry: Entry;
  readonly token: string;
  readonly done: (given: ConfirmAnswer) => void;
};

/** Starts the confirmation server. `run`: private folder for the ways in; `show` opens such a way in a window of its own. */
export async function startConfirmations(options: {
  readonly run: string;
  readonly show: (url: string) => void;
}): Promise<Confirmations> {
  const server = createServer();
  let asked: Asked | null = null;
  /** The window of a series waits for what comes next; null: nothing does. */
  let waiting: ((next: Asked | null) => void) | null = null;
  let line: Promise<unknown> = Promise.resolve();
  let closed = false;
  let port = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (refusal(request, { port, entry: path === ASK_PATH, upgrade: false })) return refuse(response, 403);
    if (request.method === 'GET' && path === CONFIRM_STYLE_PATH)
      return answer(response, 200, { type: 'text/css', policy: confirmPolicy, body: confirmStyle });
    if (request.method !== 'POST') return refuse(response, 404);
    if (Number(request.headers['content-length']) > MAX_FORM_BYTES)
      return html(response, confirmTooLarge, 413);
    const form = await readForm(request);
    const token = form?.get('token') ?? '';
    if (path === ASK_PATH && asked?.entry.take(token)) return html(response, pageOf(asked));
    if (path === CONFIRM_ANSWER_PATH && form && asked && sameSecret(token, asked.token)) {
      const read = readConfirmAnswer(form, asked.question);
      if (read.kind === 'again') return html(response, pageOf(asked, read.trouble));
      const next = asked.question.series ? following(response) : null;
      asked.done(read.answer);
      const follows = await next;
      if (!follows) return html(response, confirmDone);
      // A window that was closed shows nothing: then the question gets one of its own.
      const lost = (): void => {
        if (!response.writableFinished && asked === follows) options.show(follows.entry.url);
      };
      if (response.destroyed) return lost();
      response.once('close', lost);
      return html(response, pageOf(follows));
    }
    refuse(response, 403);
  }

  function pageOf({ question, token }: Asked, trouble = question.trouble): string {
    const shown = trouble ? { ...question, trouble } : question;
    return confirmPage(shown, confirmText(shown), token);
  }

  /** What the window of an answered question shows next; null when nothing follows. */
  function following(response: ServerResponse): Promise<Asked | null> {
    return new Promise((resolve) => {
      const mine = (next: Asked | null): void => {
        waiting = null;
        resolve(next);
      };
      waiting?.(null);
      waiting = mine;
      response.once('close', () => {
        if (waiting === mine) mine(null);
      });
    });
  }

  const html = (response: ServerResponse, body: string, status = 200): void =>
    answer(response, status, { type: 'text/html; charset=utf-8', policy: confirmPolicy, body });

  async function askNow(question: ConfirmQuestion, signal: AbortSignal): Promise<ConfirmAnswer> {
    if (signal.aborted || closed) return no;
    const entry = await writeEntry(options.run, `http://127.0.0.1:${port}${ASK_PATH}`);
    const answered = Promise.withResolvers<ConfirmAnswer>();
    const giveUp = (): void => answered.resolve(no);
    const patience = setTimeout(giveUp, PATIENCE_MS);
    patience.unref();
    signal.addEventListener('abort', giveUp, { once: true });
    asked = { question, entry, token: newSecret(), done: answered.resolve };
    if (waiting) waiting(asked);
    else options.show(entry.url);
    try {
      return await answered.promise;
    } finally {
      asked = null;
      clearTimeout(patience);
      signal.removeEventListener('abort', giveUp);
      await entry.drop();
    }
  }

  server.on('request', (request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  port = await listenOnLoopback(server);

  return {
    ask(question, signal) {
      const result = line.then(() => askNow(question, signal));
      line = result.catch(() => undefined);
      return result;
    },
    end: () => waiting?.(null),
    async close() {
      closed = true;
      asked?.done(no);
      waiting?.(null);
      await closeServer(server);
    },
  };
}
