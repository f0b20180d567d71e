import { describe, expect, it } from 'vitest'
import { ROLES } from '../../core/principal.ts'
import { eventually } from '../support/eventually.ts'
import { openFacade, principal } from './facade.ts'

const admin = principal('root', 'default', 'admin')
const stranger = principal('zoe', 'other', 'admin')

describe('keys', () => {
  const open = openFacade()

  it('are needed by everybody from the first one on, whatever becomes of it', async () => {
    expect(await open.keys.required()).toBe(false)
    const { view } = await open.keys.create(admin, { name: 'first', role: 'admin' })
    expect(await open.keys.required()).toBe(true)
    await open.keys.revoke(admin, view.id)
    expect(await open.keys.required()).toBe(true)
  })

  it('stand for a name, a team and a role', async () => {
    const { key, view } = await open.keys.create(admin, { name: 'ci', role: 'operator' })
    expect(key).toMatch(/^trp_[A-Za-z0-9_-]{43}$/)
    expect(view).toMatchObject({ name: 'ci', role: 'operator', team: 'default', lastUsedAt: null, revokedAt: null })
    expect(await open.keys.authenticate(key)).toEqual({ name: 'ci', role: 'operator', team: 'default' })
    for (const wrong of ['', 'trp_', key.slice(0, -1), `${key}x`, key.toUpperCase()]) {
      expect(await open.keys.authenticate(wrong)).toBeUndefined()
    }
  })

  it('are told once and stored nowhere', async () => {
    const { key } = await open.keys.create(admin, { name: 'secret', role: 'viewer' })
    const [keys, audit] = [await open.keys.list(admin), await open.audit.list(admin, { limit: 500 })]
    expect(JSON.stringify([keys, audit])).not.toContain(key.slice(4, 20))
    expect(keys.map(({ name }) => name)).toContain('secret')
  })

  it('end at once when they are revoked', async () => {
    const { key, view } = await open.keys.create(admin, { name: 'lost', role: 'viewer' })
    await open.keys.revoke(admin, view.id)
    expect(await open.keys.authenticate(key)).toBeUndefined()
    await open.keys.revoke(admin, view.id)
    expect((await open.keys.list(admin)).find(({ id }) => id === view.id)).toMatchObject({
      revokedAt: expect.any(Date),
    })
    await expect(open.keys.revoke(admin, 'nobody')).rejects.toMatchObject({ code: 'key.not_found', status: 404 })
  })

  it('remember their last use, at most once a minute', async () => {
    const { key, view } = await open.keys.create(admin, { name: 'used', role: 'viewer' })
    const lastUsed = async () => (await open.keys.list(admin)).find(({ id }) => id === view.id)?.lastUsedAt
    await open.keys.authenticate(key)
    const first = await lastUsed()
    expect(first).toBeInstanceOf(Date)
    await open.keys.authenticate(key)
    expect(await lastUsed()).toEqual(first)
  })

  it('never make keys that may more than they do', async () => {
    const approver = principal('amy', 'default', 'approver')
    const made = ROLES.map((role) =>
      open.keys.create(approver, { name: 'k', role }).then(
        () => 'made',
        (error: { code: string }) => error.code,
      ),
    )
    expect(await Promise.all(made)).toEqual(['made', 'made', 'made', 'auth.forbidden'])
  })

  it('of other teams are made by the administrators of the installation only', async () => {
    const { key, view } = await open.keys.create(admin, { name: 'zoe', role: 'admin', team: 'other' })
    expect(await open.keys.authenticate(key)).toEqual({ name: 'zoe', team: 'other', role: 'admin' })
    await expect(open.keys.create(stranger, { name: 'k', role: 'admin', team: 'default' })).rejects.toMatchObject({
      code: 'auth.forbidden',
    })
    expect(await open.keys.list(stranger)).toEqual([expect.objectContaining({ id: view.id })])
    const ours = (await open.keys.list(admin))[0]!
    await expect(open.keys.revoke(stranger, ours.id)).rejects.toMatchObject({ code: 'key.not_found' })
  })

  it('may come from the configuration, and stay revoked there', async () => {
    await Promise.all([open.keys.ensureKey('trp_configured'), open.keys.ensureKey('trp_configured')])
    expect(await open.keys.authenticate('trp_configured')).toEqual({ name: 'admin', team: 'default', role: 'admin' })
    const found = (await open.keys.list(admin)).filter(({ name }) => name === 'admin')
    expect(found).toHaveLength(1)
    await open.keys.revoke(admin, found[0]!.id)
    await open.keys.ensureKey('trp_configured')
    expect(await open.keys.authenticate('trp_configured')).toBeUndefined()
  })
})

describe('a key that ends', () => {
  const open = openFacade()
  const soon = (): Date => new Date(Date.now() + 3_600_000)

  it('is told when it is made, and is no key from then on', async () => {
    const expiresAt = soon()
    const { key, view } = await open.keys.create(admin, { name: 'guest', role: 'viewer', expiresAt })
    expect(view).toMatchObject({ expiresAt, hint: key.slice(0, 8) })
    expect(await open.keys.authenticate(key)).toMatchObject({ name: 'guest' })
    await open.runtime.sql`update api_keys set expires_at = clock_timestamp() where id = ${view.id}`
    await eventually('the key to end', async () => (await open.keys.authenticate(key)) === undefined)
    const past = { name: 'late', role: 'viewer', expiresAt: new Date(Date.now() - 1) } as const
    await expect(open.keys.create(admin, past)).rejects.toMatchObject({ code: 'request.invalid' })
  })

  it('is replaced by one that may as much, and stays good for the time that was agreed', async () => {
    const { key, view } = await open.keys.create(admin, { name: 'ci', role: 'operator' })
    const next = await open.keys.rotate(admin, view.id, { graceMs: 3_600_000 })
    expect(next.view).toMatchObject({ name: 'ci', role: 'operator', team: 'default', expiresAt: null })
    for (const one of [key, next.key]) {
      expect(await open.keys.authenticate(one)).toEqual({ name: 'ci', role: 'operator', team: 'default' })
    }
    const at = await open.keys.rotate(admin, next.view.id, { graceMs: 0 })
    expect(await open.keys.authenticate(next.key)).toBeUndefined()
    expect(await open.keys.authenticate(at.key)).toMatchObject({ name: 'ci' })
    // The first one had an hour, and another rotation must not give it more.
    await open.keys.rotate(admin, view.id, { graceMs: 30 * 86_400_000 })
    const [first] = (await open.keys.list(admin)).filter(({ id }) => id === view.id)
    expect(first?.expiresAt?.getTime()).toBeLessThan(Date.now() + 3_600_001)
  })

  it('is not replaced once it has ended, nor by a stranger', async () => {
    const { view } = await open.keys.create(admin, { name: 'gone', role: 'viewer' })
    await expect(open.keys.rotate(stranger, view.id, { graceMs: 0 })).rejects.toMatchObject({ code: 'key.not_found' })
    await open.keys.revoke(admin, view.id)
    await expect(open.keys.rotate(admin, view.id, { graceMs: 0 })).rejects.toMatchObject({ code: 'key.ended' })
    await expect(open.keys.rotate(admin, 'nobody', { graceMs: 0 })).rejects.toMatchObject({ code: 'key.not_found' })
  })
})

describe('a session', () => {
  const open = openFacade()

  it('stands for its key, is stored as a hash only, and ends with it or before', async () => {
    const { key, view } = await open.keys.create(admin, { name: 'page', role: 'viewer' })
    const first = await open.keys.openSession(key)
    const second = await open.keys.openSession(key)
    if (!first || !second) throw new Error('no session')
    expect(first.session).toMatch(/^trs_[A-Za-z0-9_-]{43}$/)
    expect(await open.keys.authenticate(first.session)).toEqual({ name: 'page', role: 'viewer', team: 'default' })
    const stored = JSON.stringify(await open.runtime.sql`select * from sessions`)
    for (const secret of [key, first.session, second.session]) expect(stored).not.toContain(secret.slice(4, 20))

    await open.keys.closeSession(first.session)
    expect(await open.keys.authenticate(first.session)).toBeUndefined()
    expect(await open.keys.authenticate(second.session)).toBeDefined()
    await open.keys.revoke(admin, view.id)
    expect(await open.keys.authenticate(second.session)).toBeUndefined()
    expect(await open.keys.openSession(key)).toBeUndefined()
  })

  it('does not outlive the key that it was opened with, and opens no other', async () => {
    const expiresAt = new Date(Date.now() + 60_000)
    const { key } = await open.keys.create(admin, { name: 'short', role: 'viewer', expiresAt })
    const opened = await open.keys.openSession(key)
    const [row] = await open.runtime.sql<{ expires_at: Date }[]>`
      select expires_at from sessions order by created_at desc limit 1`
    expect(row?.expires_at).toEqual(expiresAt)
    expect(await open.keys.openSession(opened?.session ?? '')).toBeUndefined()
  })
})

describe('the audit', () => {
  const open = openFacade()

  it('is read newest first, in pages', async () => {
    for (const action of ['a.one', 'a.two', 'a.three']) await open.audit.append(admin, action, 'thing', { why: action })
    await open.audit.append(stranger, 'a.other', 'thing')
    const first = await open.audit.list(admin, { limit: 2 })
    expect(first.items).toMatchObject([
      { principal: 'root', action: 'a.three', target: 'thing', details: { why: 'a.three' } },
      { action: 'a.two' },
    ])
    const second = await open.audit.list(admin, { limit: 2, after: first.next! })
    expect([second.items.map(({ action }) => action), second.next]).toEqual([['a.one'], null])
  })
})
