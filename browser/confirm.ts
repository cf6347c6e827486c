import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  confirmDone,
  confirmPage,
  confirmStyle,
  CONFIRM_ANSWER_PATH,
  CONFIRM_STYLE_PATH,
} from '../shared/shell/confirm-page.ts';
import { confirmText } from '../shared/shell/confirm-words.ts';
import type { ConfirmAnswer, ConfirmQuestion } from '../shared/shell/host.ts';
import { confirmPolicy } from '../shared/shell/policy.ts';
import { answer, readForm, refuse } from './answer.ts';
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
  let line: Promise<unknown> = Promise.resolve();
  let port = 0;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    if (refusal(request, { port, entry: path === ASK_PATH, upgrade: false })) return refuse(response, 403);
    if (request.method === 'GET' && path === CONFIRM_STYLE_PATH)
      return answer(response, 200, { type: 'text/css', policy: confirmPolicy, body: confirmStyle });
    if (request.method !== 'POST') return refuse(response, 404);
    const form = await readForm(request);
    const token = form?.get('token') ?? '';
    if (path === ASK_PATH && asked?.entry.take(token)) {
      const { question } = asked;
      return html(response, confirmPage(question, confirmText(question), asked.token));
    }
    if (path === CONFIRM_ANSWER_PATH && asked && sameSecret(token, asked.token)) {
      const ok = form?.get('ok') === 'yes';
      asked.done(ok ? { ok, secret: asked.question.secret ? (form.get('secret') ?? '') : null } : no);
      return html(response, confirmDone);
    }
    refuse(response, 403);
  }

  const html = (response: ServerResponse, body: string): void =>
    answer(response, 200, { type: 'text/html; charset=utf-8', policy: confirmPolicy, body });

  async function askNow(question: ConfirmQuestion, signal: AbortSignal): Promise<ConfirmAnswer> {
    if (signal.aborted) return no;
    const entry = await writeEntry(options.run, `http://127.0.0.1:${port}${ASK_PATH}`);
    const answered = Promise.withResolvers<ConfirmAnswer>();
    const giveUp = (): void => answered.resolve(no);
    const patience = setTimeout(giveUp, PATIENCE_MS);
    patience.unref();
    signal.addEventListener('abort', giveUp, { once: true });
    asked = { question, entry, token: newSecret(), done: answered.resolve };
    options.show(entry.url);
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
    async close() {
      asked?.done(no);
      await closeServer(server);
    },
  };
}
