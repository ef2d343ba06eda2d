import type { XStatic } from 'typebox/schema';
import { MAX_LOCAL_HEALTH, REBUTTAL_WAIT_MS } from '../membership/index.ts';
import { DEFAULT_CORE_CONFIG, type CoreConfig } from '../mesh/index.ts';

/** The smallest and the largest value that node.yaml takes. */
export interface Range {
  readonly minimum: number;
  readonly maximum: number;
}

/**
 * Ranges of what operators may change of how a node judges. None can break a promise: whoever judges sooner makes more
 * mistakes, which their subjects answer, and whoever judges later finds deaths later; the H-th accuser decides, not one.
 * `downGraceMs` starts at its default: what an accused member needs to answer is not for its accusers to cut.
 */
export const TUNING_RANGES = {
  floorIntervals: { minimum: 1.5, maximum: 10 },
  marginIntervals: { minimum: 0.5, maximum: 10 },
  ceilingIntervals: { minimum: 2, maximum: 30 },
  shortWindow: { minimum: 1, maximum: 64 },
  longWindow: { minimum: 2, maximum: 1_024 },
  downGraceMs: { minimum: REBUTTAL_WAIT_MS, maximum: 10_000 },
  riseHeartbeats: { minimum: 1, maximum: 100 },
  recoveryDelayMs: { minimum: 0, maximum: 600_000 },
  toleratedLatenessMs: { minimum: 20, maximum: 1_000 },
  healthyAfterMs: { minimum: 1_000, maximum: 600_000 },
  maxScore: { minimum: 0, maximum: MAX_LOCAL_HEALTH },
  patienceIntervals: { minimum: 0, maximum: 2 },
  drainMs: { minimum: 10, maximum: 1_000 },
  reconcileMs: { minimum: 500, maximum: 60_000 },
  redialMinMs: { minimum: 50, maximum: 10_000 },
  redialMaxMs: { minimum: 1_000, maximum: 60_000 },
} as const satisfies Record<string, Range>;

const { judgement, health, ...core } = DEFAULT_CORE_CONFIG;
const section = { type: 'object', additionalProperties: false, default: {} } as const;
const integer = { type: 'integer' } as const;
const number = { type: 'number' } as const;

const detector = {
  ...section,
  description:
    'When silence of a member that this node observes means something; counted in the member’s own interval.',
  required: [
    'floor_intervals',
    'margin_intervals',
    'ceiling_intervals',
    'short_window_heartbeats',
    'long_window_heartbeats',
    'down_grace_ms',
  ],
  properties: {
    floor_intervals: {
      ...number,
      ...TUNING_RANGES.floorIntervals,
      default: judgement.detector.floorIntervals,
      description:
        'No suspicion sooner after the last heartbeat, as keepalived’s fall: two may be lost, and half one late.',
    },
    margin_intervals: {
      ...number,
      ...TUNING_RANGES.marginIntervals,
      default: judgement.detector.marginIntervals,
      description:
        'Waited after the moment at which the next heartbeat is expected: one may be lost, and jitter.',
    },
    ceiling_intervals: {
      ...number,
      ...TUNING_RANGES.ceilingIntervals,
      default: judgement.detector.ceilingIntervals,
      description:
        'Suspicion by then, whatever is expected: nobody stretches its own deadline. At least floor_intervals.',
    },
    short_window_heartbeats: {
      ...integer,
      ...TUNING_RANGES.shortWindow,
      default: judgement.detector.shortWindow,
      description: 'Newest arrivals that the expectation follows at once when a path becomes slower.',
    },
    long_window_heartbeats: {
      ...integer,
      ...TUNING_RANGES.longWindow,
      default: judgement.detector.longWindow,
      description:
        'Arrivals that it is not to forget sooner: about a minute. At least short_window_heartbeats.',
    },
    down_grace_ms: {
      ...integer,
      ...TUNING_RANGES.downGraceMs,
      default: judgement.rebuttalWaitMs,
      description:
        'How long enough accusations stand before this node concludes that a member is down, beside round trips.',
    },
  },
} as const;

const recovery = {
  ...section,
  description: 'When a member that was down counts as alive again.',
  required: ['rise_heartbeats', 'delay_ms'],
  properties: {
    rise_heartbeats: {
      ...integer,
      ...TUNING_RANGES.riseHeartbeats,
      default: judgement.recovery.riseHeartbeats,
      description: 'Heartbeats of its new epoch, as keepalived’s rise: one could be its last.',
    },
    delay_ms: {
      ...integer,
      ...TUNING_RANGES.recoveryDelayMs,
      default: judgement.recovery.delayMs,
      description: 'And so long after its new epoch began: more for services that start slowly.',
    },
  },
} as const;

const localHealth = {
  ...section,
  description: 'How much this node trusts its own judgement when it runs late itself.',
  required: ['tolerated_lateness_ms', 'healthy_after_ms', 'max_score', 'patience_intervals', 'drain_ms'],
  properties: {
    tolerated_lateness_ms: {
      ...integer,
      ...TUNING_RANGES.toleratedLatenessMs,
      default: health.toleratedLatenessMs,
      description: 'A timer that is later than this raises the score by one, ten times as late by two.',
    },
    healthy_after_ms: {
      ...integer,
      ...TUNING_RANGES.healthyAfterMs,
      default: health.healthyAfterMs,
      description: 'Without lateness for so long, the score falls by one.',
    },
    max_score: {
      ...integer,
      ...TUNING_RANGES.maxScore,
      default: health.maxScore,
      description: 'How far it rises; 0 switches patience off.',
    },
    patience_intervals: {
      ...number,
      ...TUNING_RANGES.patienceIntervals,
      default: core.patienceIntervals,
      description: 'For each step of the score, this node waits so much longer before it accuses.',
    },
    drain_ms: {
      ...integer,
      ...TUNING_RANGES.drainMs,
      default: core.drainMs,
      description: 'After a late timer: how long what has arrived meanwhile is read before anyone is judged.',
    },
  },
} as const;

const links = {
  ...section,
  description: 'How this node keeps in touch with others.',
  required: ['reconcile_ms', 'redial_min_ms', 'redial_max_ms'],
  properties: {
    reconcile_ms: {
      ...integer,
      ...TUNING_RANGES.reconcileMs,
      default: core.reconcileMs,
      description: 'Digests are exchanged with one neighbour so often: heals what a push has missed.',
    },
    redial_min_ms: {
      ...integer,
      ...TUNING_RANGES.redialMinMs,
      default: core.redialMinMs,
      description: 'First pause before a member that did not answer is dialled again; it doubles each time.',
    },
    redial_max_ms: {
      ...integer,
      ...TUNING_RANGES.redialMaxMs,
      default: core.redialMaxMs,
      description:
        'Longest pause: about so long after a partition heals, links stand again. At least redial_min_ms.',
    },
  },
} as const;

/** The sections of node.yaml about how a node judges. All of them can be changed while it runs. */
export const tuningProperties = { detector, recovery, local_health: localHealth, links } as const;
export const TUNING_SECTIONS = ['detector', 'recovery', 'local_health', 'links'] as const;

/** What node.yaml says of {@link CoreConfig}, its interval apart. */
export type NodeTuning = Pick<
  CoreConfig,
  'judgement' | 'health' | 'patienceIntervals' | 'drainMs' | 'reconcileMs' | 'redialMinMs' | 'redialMaxMs'
>;

export const DEFAULT_TUNING: NodeTuning = {
  judgement,
  health,
  patienceIntervals: core.patienceIntervals,
  drainMs: core.drainMs,
  reconcileMs: core.reconcileMs,
  redialMinMs: core.redialMinMs,
  redialMaxMs: core.redialMaxMs,
};

type TuningFile = XStatic<{
  readonly type: 'object';
  readonly required: typeof TUNING_SECTIONS;
  readonly properties: typeof tuningProperties;
}>;

export function toTuning(file: TuningFile): NodeTuning {
  const { detector: found, recovery: risen, local_health: own, links: touch } = file;
  return {
    judgement: {
      detector: {
        floorIntervals: found.floor_intervals,
        marginIntervals: found.margin_intervals,
        ceilingIntervals: found.ceiling_intervals,
        shortWindow: found.short_window_heartbeats,
        longWindow: found.long_window_heartbeats,
      },
      recovery: { riseHeartbeats: risen.rise_heartbeats, delayMs: risen.delay_ms },
      rebuttalWaitMs: found.down_grace_ms,
    },
    health: {
      toleratedLatenessMs: own.tolerated_lateness_ms,
      healthyAfterMs: own.healthy_after_ms,
      maxScore: own.max_score,
    },
    patienceIntervals: own.patience_intervals,
    drainMs: own.drain_ms,
    reconcileMs: touch.reconcile_ms,
    redialMinMs: touch.redial_min_ms,
    redialMaxMs: touch.redial_max_ms,
  };
}

/** Which key contradicts which other one, and how; undefined when none does. */
export function tuningConflict({ detector: found, links: touch }: TuningFile): [string, string] | undefined {
  if (found.ceiling_intervals < found.floor_intervals) {
    return ['detector.ceiling_intervals', 'is below "detector.floor_intervals"'];
  }
  if (found.long_window_heartbeats < found.short_window_heartbeats) {
    return ['detector.long_window_heartbeats', 'is below "detector.short_window_heartbeats"'];
  }
  if (touch.redial_max_ms < touch.redial_min_ms) {
    return ['links.redial_max_ms', 'is below "links.redial_min_ms"'];
  }
  return undefined;
}
