import { acknowledged, EACH, oneMore, type Course } from './points.ts';
import type { SignalPeer } from './signal-peer.ts';

/** What is said on Signal while a point is waited for; what my phone is told of it comes on top. */
export const signalCourse = (peer: SignalPeer): Course => ({
  files: false,
  passes: acknowledged,
  careful: { 'lane.before-acknowledge': EACH, 'lane.after-acknowledge': EACH },
  async after(rig) {
    const fault = await oneMore(rig);
    if (fault !== null) return fault;
    const requests = await peer.retryRequests();
    return requests === 0 ? null : `asked ${requests} times to seal a message again`;
  },
});
