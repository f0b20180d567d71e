import { describe, expect, it } from 'vitest'
import { parseOrder } from '../../actors/agents/mail/orders.ts'

describe('an order to an actor', () => {
  it('is taken with what belongs to it', () => {
    expect(parseOrder('agent', { type: 'PAUSE' })).toEqual({ type: 'PAUSE', reason: '' })
    expect(parseOrder('lock', { type: 'KICK', device: 'stb-1', reason: 'mine' })).toMatchObject({ device: 'stb-1' })
  })

  it.each([
    ['agent', 'TRIGGER'],
    ['agent', 'UPGRADE'],
    ['run', 'TIMEOUT'],
    ['run', 'lock.granted'],
    ['lock', 'ACQUIRE'],
    ['device', 'REGISTER'],
    ['alert', 'FIRING'],
    ['agent', 'constructor'],
  ])('is refused when it is what actors say to each other: %s %s', (kind, type) => {
    expect(() => parseOrder(kind, { type })).toThrow(expect.objectContaining({ code: 'event.refused' }))
  })

  it('names what is missing', () => {
    expect(() => parseOrder('lock', { type: 'KICK' })).toThrow(/KICK\.device/)
    expect(() => parseOrder('device', { type: 'MAINTENANCE', on: 'yes' })).toThrow(/MAINTENANCE\.on/)
  })

  it('to a machine of somebody else goes through as it is', () => {
    expect(parseOrder('traffic', { type: 'NEXT', n: 1 })).toEqual({ type: 'NEXT', n: 1 })
  })
})
