import type { StoreReader, StoreTransaction } from '../../authority/index.ts';
import {
  completeCertificate,
  confirmCertificate,
  countUnexpiredCertificates,
  findCertificate,
  findCertificateByKey,
  findCertificates,
  insertCertificate,
  newestCertificate,
} from './certificates.ts';
import { findGenesis, insertGenesis } from './genesis.ts';
import { allIssuers, belowIssuer, insertIssuer, updateIssuer } from './issuers.ts';
import {
  activateNode,
  allAddresses,
  countRosterNodes,
  deleteAddress,
  endNode,
  findNode,
  findNodeByName,
  insertNode,
  putAddress,
  rosterNodes,
} from './nodes.ts';
import { findReadOnlySince, putReadOnlySince } from './read-only.ts';
import {
  appendLedger,
  crlBytes,
  insertCrl,
  insertRevocation,
  insertRoster,
  ledgerRows,
  ledgerSize,
  newestCrl,
  newestFullCrl,
  newestRootCrl,
  newestRoster,
  rosterRecord,
  revocationsAfterCrl,
  revocationsFrom,
} from './publications.ts';
import {
  deleteRevocation,
  insertRelease,
  newestReleasedHold,
  releasesAfterCrl,
  releasesFrom,
} from './releases.ts';
import { allRequests, countPendingRequests, decideRequest, findRequest, insertRequest } from './requests.ts';
import { allRoots, insertRoot } from './roots.ts';
import { attempt } from './savepoint.ts';
import type { Sql } from './sql.ts';
import {
  allTokens,
  countOutstandingTokens,
  deleteToken,
  findToken,
  insertToken,
  purgeTokens,
  spendToken,
  voidTokens,
} from './tokens.ts';

type Step = <A extends readonly unknown[], R>(
  run: (sql: Sql, ...args: A) => Promise<R>,
) => (...args: A) => Promise<R>;

/** The steps of the port over one connection, inside a transaction. */
export function sqlTransaction(sql: Sql): StoreTransaction {
  const step: Step =
    (run) =>
    (...args) =>
      run(sql, ...args);
  return {
    attempt: (work) => attempt(sql, work),
    ...readingSteps(step),
    insertGenesis: step(insertGenesis),
    insertRoot: step(insertRoot),
    insertIssuer: step(insertIssuer),
    updateIssuer: step(updateIssuer),
    setReadOnlySince: step(putReadOnlySince),
    insertToken: step(insertToken),
    deleteToken: step(deleteToken),
    spendToken: step(spendToken),
    voidTokens: step(voidTokens),
    purgeTokens: step(purgeTokens),
    insertRequest: step(insertRequest),
    decideRequest: step(decideRequest),
    insertNode: step(insertNode),
    activateNode: step(activateNode),
    endNode: step(endNode),
    insertCertificate: step(insertCertificate),
    completeCertificate: step(completeCertificate),
    confirmCertificate: step(confirmCertificate),
    insertRevocation: step(insertRevocation),
    deleteRevocation: step(deleteRevocation),
    insertRelease: step(insertRelease),
    insertCrl: step(insertCrl),
    insertRoster: step(insertRoster),
    putAddress: step(putAddress),
    deleteAddress: step(deleteAddress),
    appendLedger: step(appendLedger),
  };
}

function readingSteps(step: Step): StoreReader {
  return {
    genesis: step(findGenesis),
    roots: step(allRoots),
    issuers: step(allIssuers),
    belowIssuer: step(belowIssuer),
    readOnlySince: step(findReadOnlySince),
    token: step(findToken),
    tokens: step(allTokens),
    countOutstandingTokens: step(countOutstandingTokens),
    request: step(findRequest),
    requests: step(allRequests),
    countPendingRequests: step(countPendingRequests),
    node: step(findNode),
    nodeByName: step(findNodeByName),
    rosterNodes: step(rosterNodes),
    countRosterNodes: step(countRosterNodes),
    certificate: step(findCertificate),
    certificateByKey: step(findCertificateByKey),
    newestCertificate: step(newestCertificate),
    certificates: step(findCertificates),
    countUnexpiredCertificates: step(countUnexpiredCertificates),
    revocationsFrom: step(revocationsFrom),
    revocationsAfterCrl: step(revocationsAfterCrl),
    releasesFrom: step(releasesFrom),
    releasesAfterCrl: step(releasesAfterCrl),
    newestReleasedHold: step(newestReleasedHold),
    newestCrl: step(newestCrl),
    newestFullCrl: step(newestFullCrl),
    newestRootCrl: step(newestRootCrl),
    crlBytes: step(crlBytes),
    newestRoster: step(newestRoster),
    rosterRecord: step(rosterRecord),
    addresses: step(allAddresses),
    ledger: step(ledgerRows),
    ledgerSize: step(ledgerSize),
  };
}
