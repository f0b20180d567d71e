import { AppError } from '../core/errors.ts'
import type { NewEventInput } from '../core/event.ts'
import type { Json, JsonObject } from '../core/json.ts'
import { type Attributes, eventOfAttributes } from './cloudevent-attributes.ts'
import { bytesOfBase64, dataOfBytes } from './cloudevent-data.ts'
import { attributesOfHeaders } from './cloudevent-headers.ts'
import { isObject, readJson } from './json-body.ts'
import { malformed, parseItems } from './malformed.ts'
import { mediaType } from './media-type.ts'
import type { IncomingRequest, Source } from './source.ts'

const REQUIRED_HEADERS = ['ce-specversion', 'ce-id', 'ce-source', 'ce-type']

/**
 * CloudEvents 1.0 over HTTP, in its three content modes: structured, binary, batched
 * (https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/http-protocol-binding.md).
 * Extensions other than `correlationid`, `causationid` and the severity are checked, but not kept.
 */
export const cloudevents: Source = {
  kind: 'cloudevents',

  detect({ headers }) {
    return (
      mediaType(headers).startsWith('application/cloudevents') || REQUIRED_HEADERS.every((name) => headers.has(name))
    )
  },

  parse(request) {
    const type = mediaType(request.headers)
    if (type === 'application/cloudevents+json') {
      return { events: [cloudEventOfJson(readJson(request), '')], rejected: [] }
    }
    if (type === 'application/cloudevents-batch+json') {
      const body = readJson(request)
      if (!Array.isArray(body)) throw malformed('', 'expected an array of CloudEvents')
      return parseItems(body, '', cloudEventOfJson)
    }
    if (type.startsWith('application/cloudevents')) {
      throw new AppError(
        'request.unsupported_media_type',
        `${type.slice(0, 80)} is not supported: use application/cloudevents+json`,
      )
    }
    return { events: [binaryEvent(request)], rejected: [] }
  },
}

/** One event of the JSON format. `null` attributes count as unset; a string `data` is a JSON string, never parsed again. */
export function cloudEventOfJson(value: Json, path: string): NewEventInput {
  if (!isObject(value)) throw malformed(path, 'expected a CloudEvent, a JSON object')
  const { data, data_base64: base64, ...rest } = value
  const attributes: Attributes = new Map(Object.entries(rest).filter(([, member]) => member !== null))
  return eventOfAttributes(attributes, jsonData(value, data, base64, path), path)
}

function jsonData(event: JsonObject, data: Json | undefined, base64: Json | undefined, path: string): Json {
  if (base64 === undefined || base64 === null) return data ?? null
  const place = path === '' ? 'data_base64' : `${path}.data_base64`
  if (data !== undefined && data !== null) throw malformed(place, 'an event holds data or data_base64, not both')
  const contentType = typeof event.datacontenttype === 'string' ? event.datacontenttype : 'application/json'
  return dataOfBytes(bytesOfBase64(base64, place), contentType)
}

function binaryEvent({ headers, body }: IncomingRequest): NewEventInput {
  const contentType = headers.get('content-type') ?? 'application/json'
  return eventOfAttributes(attributesOfHeaders(headers), dataOfBytes(body, contentType), '')
}
