import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { kindOf } from '../../shared/errors.ts';
import { openProfile } from '../profile.ts';

// Child of profile.test.ts: takes the profile, says so, and keeps it until its input ends.
try {
  // The result is dropped and the garbage collected on purpose: the hold must depend on neither.
  openProfile(process.argv[2] ?? '');
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect();
  console.log('held');
  process.stdin.resume();
  process.stdin.once('end', () => process.exit(0));
} catch (error) {
  console.log(kindOf(error));
}
