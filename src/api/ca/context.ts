import type { Socket } from 'node:net';
import type { Authority, IssuingFacts, MadeRoot, OcspResponder, RootFacts } from '../../authority/index.ts';
import type { Fault, Result, UnixMs } from '../../std/index.ts';
import type { RenewingNode, VerifiedOperator, VerifiedPeer } from '../../trust/index.ts';
import type { AckBook } from './ack-book.ts';
import type { FeedHub } from './feed-hub.ts';

/** What the CA's routes work with; made once by the server and shared by its three listeners. */
export interface CaApiContext {
  readonly authority: Authority;
  /** Null where nobody is served: a single command over the home. */
  readonly ocsp: OcspResponder | null;
  readonly now: () => UnixMs;
  readonly feeds: FeedHub;
  readonly acks: AckBook;
  /** Absent where there is no home whose keys and files could follow: the calls of a rollover are not there either. */
  readonly rollover?: RolloverDesk;
  /** How long `revoke` waits for acknowledgements. */
  readonly spread: SpreadTimes;
  /** Told of each enrollment, call and connection that is refused: it writes the log, without repeating itself. */
  readonly onRefusal?: (refusal: Refusal) => void;
  /** Why the CA's ledger is not signed any more, if so. */
  readonly ledgerFault?: () => Fault | undefined;
  /** Why the token that holds the CA's keys can't be used, if so. */
  readonly keyFault?: () => Fault | undefined;
  /** Why nothing is issued any more, if so: the root has revoked the issuing CA. */
  readonly ended?: () => Fault | undefined;
}

/** What a rollover needs of the home: keys, and files that follow. Its promises reject with the fault. */
export interface RolloverDesk {
  /** Prepares the next generation, with a key made now if need be; answers the one that is prepared already. */
  prepare(files: {
    /** DER, by a root elsewhere. */
    readonly certificate?: Uint8Array;
    /** DER. */
    readonly rootCrl?: Uint8Array;
  }): Promise<IssuingFacts>;
  /** Pins the next root: one that is made now, or was made elsewhere; answers the one that has certified nothing yet. */
  prepareRoot(made: MadeRoot | undefined): Promise<RootFacts>;
  /** What a root elsewhere is asked to sign for the next generation. */
  request(): Promise<IssuingRequest>;
  /** Has this server and its home follow a change of the generations. What fails is logged, and tried again later. */
  follow(): Promise<void>;
}

export interface IssuingRequest {
  readonly generation: number;
  /** DER PKCS#10. */
  readonly csr: Uint8Array;
  /** SHA-256 of the key in it, 64 hex digits. */
  readonly keySha256: string;
}

export interface Refusal {
  /** Default: enrollment, which renewal is too. */
  readonly of?: 'enrollment' | 'call' | 'connection';
  readonly reason: Fault;
  /** Address of whoever asked. */
  readonly from: string;
  /** What it asked with: the id of a token, a node's name, the method and path of a call, a listener. */
  readonly subject: string;
}

export interface SpreadTimes {
  /** Until h members have it. 0 where nobody can be connected. */
  readonly enoughMs: number;
  /** With `wait`: until every active member has it. */
  readonly everyoneMs: number;
}

/** Says who is at the other end of a connection, judged by our own rules at each call. */
export interface PeerGate {
  node(socket: Socket): Result<VerifiedPeer, Fault>;
  /** A node, or one whose certificate ran out so lately that it may still renew it. */
  renewing(socket: Socket): Result<RenewingNode, Fault>;
  operator(socket: Socket): Result<VerifiedOperator, Fault>;
  /** Judges again somebody judged before. */
  recheck(peer: VerifiedPeer): Fault | undefined;
}
