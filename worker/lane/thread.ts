// Entry of a lane that runs as a thread of core (JavaScript networks), with a heap limit of its own.
import { parentPipe } from '../../shared/wire/parent.ts';
import { hostLane } from './host.ts';

hostLane(parentPipe());
