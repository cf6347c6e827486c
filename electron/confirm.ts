import { randomBytes } from 'node:crypto';
import { BrowserWindow, session, type Session } from 'electron';
import { readConfirmAnswer } from '../shared/shell/confirm-answer.ts';
import {
  CONFIRM_ANSWER_PATH,
  confirmPage,
  CONFIRM_STYLE_PATH,
  confirmStyle,
} from '../shared/shell/confirm-page.ts';
import { confirmText } from '../shared/shell/confirm-words.ts';
import type { ConfirmAnswer, ConfirmQuestion, ConfirmTrouble } from '../shared/shell/host.ts';
import { confirmPolicy } from '../shared/shell/policy.ts';
import { confinedPreferences, confineSession, isOf, lockContents } from './confined.ts';
import { respond } from './protocol.ts';

/** An origin the page does not have. */
const ASK_ORIGIN = 'app://ask';
const no: ConfirmAnswer = { ok: false, secret: null };

/** Asks in a window of its own, without a script and without a way to the page. Closing it is a no. */
export function ask(
  parent: BrowserWindow | null,
  question: ConfirmQuestion,
  signal: AbortSignal,
): Promise<ConfirmAnswer> {
  if (signal.aborted) return Promise.resolve(no);
  const token = randomBytes(32).toString('base64url');
  // A session each, in memory: nothing of one question is there for the next.
  const own = session.fromPartition(`ask-${token.slice(0, 12)}`);
  const window = new BrowserWindow({
    width: 520,
    height: 480,
    ...(parent ? { parent, modal: true } : {}),
    show: false,
    minimizable: false,
    maximizable: false,
    title: 'Plainseal',
    webPreferences: {
      ...confinedPreferences,
      session: own,
      javascript: false,
    },
  });
  window.removeMenu();
  // It may show a key or take a passphrase: no picture of the screen has it.
  window.setContentProtection(true);
  // Its form is posted to itself.
  lockContents(window.webContents, (url) => isOf(ASK_ORIGIN, url));
  window.once('ready-to-show', () => window.show());
  const answered = new Promise<ConfirmAnswer>((resolve) => {
    window.once('closed', () => resolve(no));
    signal.addEventListener('abort', () => resolve(no), { once: true });
    serve(own, question, token, resolve);
  });
  void window.loadURL(`${ASK_ORIGIN}/`);
  return answered.finally(() => {
    if (!window.isDestroyed()) window.destroy();
    void own.clearStorageData();
  });
}

function serve(
  own: Session,
  question: ConfirmQuestion,
  token: string,
  done: (given: ConfirmAnswer) => void,
): void {
  const page = (trouble: ConfirmTrouble | undefined): Response => {
    const shown = trouble ? { ...question, trouble } : question;
    const body = confirmPage(shown, confirmText(shown), token);
    return respond(200, { type: 'text/html; charset=utf-8', policy: confirmPolicy, body });
  };
  const answer = async (request: Request): Promise<Response> => {
    const { method, url } = request;
    if (method === 'GET' && url === `${ASK_ORIGIN}/`) return page(question.trouble);
    if (method === 'GET' && url === ASK_ORIGIN + CONFIRM_STYLE_PATH)
      return respond(200, { type: 'text/css', policy: confirmPolicy, body: confirmStyle });
    if (method === 'POST' && url === ASK_ORIGIN + CONFIRM_ANSWER_PATH) {
      const form = new URLSearchParams(await request.text());
      if (form.get('token') === token) {
        const read = readConfirmAnswer(form, question);
        if (read.kind === 'again') return page(read.trouble);
        done(read.answer);
      }
    }
    return respond(404, { type: 'text/plain', policy: confirmPolicy, body: '' });
  };
  confineSession(own, { origin: ASK_ORIGIN, serve: answer });
}
