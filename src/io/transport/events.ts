import type { ConnectionId } from '../../mesh/index.ts';
import type { Fault, NodeId } from '../../std/index.ts';

/**
 * What happens on the network, in the form in which NodeCore takes it; `fault` says more, for the log.
 * A connection is `connected` once, then `received` any number of times, then `disconnected` once.
 */
export type TransportEvent =
  | {
      readonly kind: 'connected';
      readonly connection: ConnectionId;
      readonly role: 'dialer' | 'listener';
      /** DER, leaf first, without the root; OpenSSL found a path to a trusted root. */
      readonly chain: readonly Uint8Array[];
      /** HOST:PORT of the other end. */
      readonly address: string;
      readonly tlsVersion: string;
    }
  | { readonly kind: 'received'; readonly connection: ConnectionId; readonly bytes: Uint8Array }
  | {
      readonly kind: 'disconnected';
      readonly connection: ConnectionId;
      readonly detail: string;
      /** Undefined when the connection ended in order. */
      readonly fault: Fault | undefined;
    }
  | {
      readonly kind: 'dial-failed';
      readonly peer: NodeId;
      /** Nobody listens at the address: the machine itself said so. */
      readonly refused: boolean;
      readonly fault: Fault;
    }
  /** Somebody connected to us and did not get through the handshake or the limits. Only for the log. */
  | { readonly kind: 'inbound-refused'; readonly address: string; readonly fault: Fault };
