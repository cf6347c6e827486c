import { chromium, type Browser, type Page } from '@playwright/test';
import { findChromium } from '../../browser/chromium.ts';
import { quantile, show } from './result.ts';

/** What a stretch of using the page was like: times between frames, and tasks that held the page's thread for 50 ms or more (W3C Long Tasks). */
export interface Frames {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly longest: number;
  readonly longTasks: readonly number[];
  /**
   * From a key or a click until the first frame after it was made. Not W3C Event Timing: without a screen Chromium presents no frame for an event that
   * changes nothing, and a second counts as its answer.
   */
  readonly answers: readonly number[];
}

/** What follows a key or a click is to be drawn within this. */
const ANSWER_MS = 50;
/** One turn of the wheel, in px, and the pause to the next, in ms. */
const TURN_PX = 240;
const TURN_MS = 30;

/** Records every frame of a page while somebody uses it. */
export async function recordFrames(page: Page, session: () => Promise<void>): Promise<Frames> {
  const recording = await page.evaluateHandle(() => {
    const frames: number[] = [];
    const longTasks: number[] = [];
    const answers: number[] = [];
    let last = performance.now();
    let running = true;
    const frame = (at: number): void => {
      if (!running) return;
      frames.push(at - last);
      last = at;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame((at) => {
      last = at;
      requestAnimationFrame(frame);
    });
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) longTasks.push(entry.duration);
    });
    observer.observe({ type: 'longtask' });
    const answered = ({ timeStamp }: Event): void => {
      requestAnimationFrame(() => {
        // A message is heard once the frame is made.
        const { port1, port2 } = new MessageChannel();
        port1.addEventListener('message', () => void answers.push(performance.now() - timeStamp), {
          once: true,
        });
        port1.start();
        port2.postMessage(null);
      });
    };
    const asked = ['keydown', 'click'] as const;
    for (const type of asked) document.addEventListener(type, answered, { capture: true });
    const stop = (): void => {
      running = false;
      observer.disconnect();
      for (const type of asked) document.removeEventListener(type, answered, { capture: true });
    };
    return { frames, longTasks, answers, stop };
  });
  await session();
  const { frames, longTasks, answers } = await recording.evaluate((made) => {
    made.stop();
    return { frames: made.frames, longTasks: made.longTasks, answers: made.answers };
  });
  await recording.dispose();
  return {
    count: frames.length,
    p50: quantile(frames, 0.5),
    p99: quantile(frames, 0.99),
    longest: Math.max(...frames),
    longTasks,
    answers,
  };
}

/**
 * Turns the wheel over the open conversation, towards its beginning, until `enough` says so, and records every frame in the meantime.
 * @returns times in ms.
 */
export async function scrollHistory(page: Page, enough: () => boolean): Promise<Frames> {
  const history = page.getByTestId('history');
  const box = await history.boundingBox();
  if (box === null) throw new Error('no conversation is open');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  return recordFrames(page, async () => {
    const startedAt = performance.now();
    for (let turns = 1; !enough(); turns += 1) {
      await page.mouse.wheel(0, -TURN_PX);
      const pause = startedAt + turns * TURN_MS - performance.now();
      if (pause > 0) await new Promise((resolve) => setTimeout(resolve, pause));
    }
  });
}

/** The Chromium of this machine. */
export function launchChromium(): Promise<Browser> {
  const executablePath = findChromium();
  return chromium.launch({
    ...(executablePath === null ? {} : { executablePath }),
    // Chromium does not start as root with its sandbox.
    args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
  });
}

/** Prints the figures of a stretch with nothing else to do and of a busy one that took `ms`, and what counts. `what` happened in it. */
export function showFrames(idle: Frames, busy: Frames, what: string, ms: number): void {
  for (const [name, frames] of [
    ['idle', idle],
    [`while ${what}, ${(ms / 1_000).toFixed(1)} s`, busy],
  ] as const)
    console.log(
      `${name}: ${frames.count} frames, p50 ${frames.p50.toFixed(1)} ms, p99 ${frames.p99.toFixed(1)} ms, ` +
        `longest ${frames.longest.toFixed(0)} ms, ${frames.longTasks.length} long tasks, ` +
        `${frames.answers.filter((answer) => answer > ANSWER_MS).length} of the answers over ${ANSWER_MS} ms`,
    );
  const beside = (name: string, of: (frames: Frames) => number): void =>
    show({
      name: `${name} while ${what}`,
      unit: 'ms',
      ours: of(busy),
      reference: { name: 'idle', value: of(idle) },
      runs: 1,
    });
  beside('frame p50', ({ p50 }) => p50);
  beside('frame p99', ({ p99 }) => p99);
  beside('longest task', ({ longTasks }) => Math.max(0, ...longTasks));
  if (busy.answers.length === 0 && idle.answers.length === 0) return;
  beside('answer to a key or click p95', ({ answers }) => quantile(answers, 0.95));
  beside('longest answer to a key or click', ({ answers }) => Math.max(0, ...answers));
}
