import { spawnSync } from 'node:child_process';
import { root } from '../step.ts';

/**
 * The one time a release bears, in seconds: SOURCE_DATE_EPOCH (reproducible-builds.org), else the time of the last commit.
 * @throws Error when there is neither.
 */
export function releaseSeconds(given = process.env.SOURCE_DATE_EPOCH): number {
  const text = given ?? lastCommitSeconds();
  if (!/^\d{1,12}$/.test(text)) throw new Error('SOURCE_DATE_EPOCH is not a number of seconds');
  return Number(text);
}

function lastCommitSeconds(): string {
  const log = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: root, encoding: 'utf8' });
  if (log.status !== 0) throw new Error('no git history here: set SOURCE_DATE_EPOCH');
  return log.stdout.trim();
}
