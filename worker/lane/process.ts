// Entry of a lane that runs as a process of its own (native code), forked by the shell.
import { parentPipe } from '../../shared/wire/parent.ts';
import { hostLane } from './host.ts';

const pipe = parentPipe();
// Without its parent a lane has no way to make anything durable; it ends rather than linger.
pipe.ended(() => process.exit(0));
hostLane(pipe);
