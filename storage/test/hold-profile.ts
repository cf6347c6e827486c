import { kindOf } from '../../shared/errors.ts';
import { openProfile } from '../profile.ts';

// Child of profile.test.ts: takes the profile, says so, and keeps it until its input ends.
try {
  openProfile(process.argv[2] ?? '');
  console.log('held');
  process.stdin.resume();
  process.stdin.once('end', () => process.exit(0));
} catch (error) {
  console.log(kindOf(error));
}
