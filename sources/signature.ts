import { createHash, createHmac, timingSafeEqual } from 'node:crypto'
import { AppError } from '../core/errors.ts'
import type { IncomingRequest } from './source.ts'

/** How a sender without a key shows that it is who it says. One scheme for a source: a request cannot choose a weaker one. */
export const SCHEMES = ['standard-webhooks', 'github', 'gitlab', 'grafana', 'bearer'] as const
export type Scheme = (typeof SCHEMES)[number]

type Signed = Pick<IncomingRequest, 'headers' | 'body'>
/** Its delivery's id where the sender gives one, `''` where it does not; undefined when the signature does not fit. */
type Verify = (request: Signed, secret: string, nowMs: number) => string | undefined

/** A signed time further away than this is somebody else's copy. */
const TOLERANCE_MS = 5 * 60_000

/**
 * Holds a request to its source's secrets, any of which will do, over the bytes as they came and in a time that does not
 * depend on how much of a signature fits. Answers the id by which a repetition of the delivery is known, if it has one.
 * Throws `auth.bad_signature`, which does not tell what was wrong.
 */
export function verifySignature(
  scheme: Scheme,
  secrets: readonly string[],
  request: Signed,
  nowMs: number,
): string | undefined {
  const verify = VERIFIERS[scheme]
  // Every secret is tried, so that the time does not tell which one fits.
  const found = secrets.map((secret) => verify(request, secret, nowMs)).find((delivery) => delivery !== undefined)
  if (found === undefined) throw badSignature()
  return found === '' ? undefined : found
}

export function badSignature(): AppError {
  return new AppError('auth.bad_signature', 'This is not signed as its source signs: see the secret and its headers')
}

const VERIFIERS: Record<Scheme, Verify> = {
  /** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md */
  'standard-webhooks': ({ headers, body }, secret, nowMs) => {
    const id = deliveryId(headers.get('webhook-id'))
    const time = headers.get('webhook-timestamp') ?? ''
    if (id === '' || !isNear(time, nowMs)) return undefined
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64')
    const expected = createHmac('sha256', key).update(`${id}.${time}.`).update(body).digest('base64')
    const given = (headers.get('webhook-signature') ?? '').split(' ', MOST_SIGNATURES)
    // As text: decoders of base64 pass over what follows the end.
    const fits = given.map((one) => equal(Buffer.from(one), Buffer.from(`v1,${expected}`)))
    return fits.includes(true) ? id : undefined
  },

  /** The header with SHA-256 only: the older one with SHA-1 is not looked at. */
  github: ({ headers, body }, secret) => {
    const given = /^sha256=([0-9a-f]{64})$/.exec(headers.get('x-hub-signature-256') ?? '')?.[1] ?? ''
    const expected = createHmac('sha256', secret).update(body).digest()
    return equal(Buffer.from(given, 'hex'), expected) ? deliveryId(headers.get('x-github-delivery')) : undefined
  },

  /** A secret that is sent as it is. From GitLab 19 on there is a signing token: use `standard-webhooks` for that. */
  gitlab: ({ headers }, secret) =>
    sameText(headers.get('x-gitlab-token') ?? '', secret)
      ? deliveryId(headers.get('idempotency-key') ?? headers.get('webhook-id'))
      : undefined,

  /** Over the body, or over time and body where the contact point names a header for the time. */
  grafana: ({ headers, body }, secret, nowMs) => {
    const time = headers.get('x-grafana-alerting-timestamp')
    if (time !== null && time !== undefined && !isNear(time, nowMs)) return undefined
    const given = /^[0-9a-f]{64}$/.exec(headers.get('x-grafana-alerting-signature') ?? '')?.[0] ?? ''
    const hmac = createHmac('sha256', secret)
    if (time) hmac.update(`${time}:`)
    return equal(Buffer.from(given, 'hex'), hmac.update(body).digest()) ? '' : undefined
  },

  /** For senders that can sign nothing, such as Alertmanager. */
  bearer: ({ headers }, secret) => {
    const given = /^Bearer +(\S+)$/i.exec((headers.get('authorization') ?? '').trim())?.[1] ?? ''
    return sameText(given, secret) ? '' : undefined
  },
}

const MOST_SIGNATURES = 8

function isNear(time: string, nowMs: number): boolean {
  return /^\d{1,12}$/.test(time) && Math.abs(nowMs - Number(time) * 1000) <= TOLERANCE_MS
}

function equal(given: Buffer, expected: Buffer): boolean {
  return given.length === expected.length && timingSafeEqual(given, expected)
}

/** Of one length by their hashes, so that the time tells nothing of the length either. */
function sameText(given: string, expected: string): boolean {
  const [a, b] = [given, expected].map((text) => createHash('sha256').update(text).digest())
  return a !== undefined && b !== undefined && timingSafeEqual(a, b)
}

/** `''` for none, or for what could be no name. */
function deliveryId(value: string | undefined): string {
  return value !== undefined && /^[\x21-\x7e]{1,180}$/.test(value) ? value : ''
}
