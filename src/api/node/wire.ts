import type { Explanation, Matrix, NodeStatus, PeerStatus, Transition } from '../../mesh/index.ts';
import type { UnixMs } from '../../std/index.ts';

/** One line of `mesh events`. Stable: fields may be added, never renamed. */
export function transitionJson(transition: Transition) {
  return {
    t: timeText(transition.at),
    peer: transition.name,
    from: transition.from,
    to: transition.to,
    reason: transition.reason,
    nodeId: transition.nodeId,
    epoch: transition.epoch,
    flags: transition.flags,
  };
}

/** `mesh status`. Stable: fields may be added, never renamed. */
export function statusJson(status: NodeStatus) {
  return {
    self: status.self,
    nodeId: status.nodeId,
    state: status.state,
    flags: status.flags,
    epoch: status.epoch,
    quorate: status.quorate,
    viewStale: status.viewStale,
    crlNumber: status.crlNumber,
    crlNextUpdate: status.crlNextUpdate === null ? null : timeText(status.crlNextUpdate),
    rosterNumber: status.rosterNumber,
    members: status.members,
    observers: status.k,
    accusersNeeded: status.h,
    certificateNotAfter: timeText(status.certificateNotAfter),
    ledgerHealthy: status.ledgerHealthy,
    peers: status.peers.map(peerJson),
  };
}

export function peerJson(peer: PeerStatus) {
  return {
    ...peer,
    since: peer.since === null ? null : timeText(peer.since),
    lastHeartbeatAgoMs: peer.lastHeartbeatAgoMs === null ? null : Math.round(peer.lastHeartbeatAgoMs),
  };
}

/** `mesh explain`. */
export function explanationJson({ certificate, peer, ...rest }: Explanation) {
  return {
    peer: peerJson(peer),
    certificate: certificate === null ? null : { ...certificate, notAfter: timeText(certificate.notAfter) },
    ...rest,
  };
}

/** `mesh matrix`. */
export function matrixJson({ members, ...rest }: Matrix) {
  return {
    ...rest,
    members: members.map(({ observers, ...member }) => ({
      ...member,
      observers: observers.map(({ silentForMs, ...observer }) => ({
        ...observer,
        silentForMs: silentForMs === null ? null : Math.round(silentForMs),
      })),
    })),
  };
}

export type MatrixJson = ReturnType<typeof matrixJson>;
export type NodeStatusJson = ReturnType<typeof statusJson>;
export type PeerStatusJson = ReturnType<typeof peerJson>;
export type TransitionJson = ReturnType<typeof transitionJson>;
export type ExplanationJson = ReturnType<typeof explanationJson>;

function timeText(time: UnixMs): string {
  return new Date(time).toISOString();
}
