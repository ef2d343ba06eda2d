export type { Brand } from './brand.ts';
export { compareBytes, concatBytes, equalBytes, fromHex, fromUtf8, toHex, utf8 } from './bytes.ts';
export { describeFault, fault, LsError, type Fault } from './fault.ts';
export { faultCatalogue, faultKind, type FaultCode } from './faults/catalogue.ts';
export type { FaultCause, FaultKind } from './faults/kind.ts';
export { HexBatch } from './hex-batch.ts';
export {
  certIdOf,
  digestOf,
  domainIdOf,
  nodeIdOf,
  parseNodeId,
  parseNodeName,
  parseSerialNumber,
  serialNumberOf,
  type CertId,
  type Digest,
  type DomainId,
  type NodeId,
  type NodeName,
  type SerialNumber,
} from './ids.ts';
export type { Clock, CryptoPort, Random, SignatureAlgorithm, Signer } from './ports.ts';
export { err, ok, type Result } from './result.ts';
export { monoMs, unixMs, type Instant, type MonoMs, type UnixMs } from './time.ts';
