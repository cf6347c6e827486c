import type { Peer } from './peer.ts';
import type { OtherSide } from './traffic.ts';

/** The scripted peer as the other side of a conversation; what it heard so far was not said there. */
export function sideOf(peer: Peer): OtherSide {
  const before = peer.heard.length;
  return {
    said: peer.said,
    heard: () => Promise.resolve(peer.heard.slice(before)),
    say: (text, file) => peer.say(text, file),
    next: () => peer.next(),
  };
}
