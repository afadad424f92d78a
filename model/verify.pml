/* Every action of every node in every order. One process: an action is one step. */
#include "leadership.pml"

mtype = {
  claims, adopts, takes_up_the_yield, had_a_create_that_lands, has_lost_a_late_create_of, create_lands, create_failed, wins, promise_ends, defends, forces, learns, loses_grant_of, grants_in, lease_is_over_in, is_yielded_to_in, loses_lease_on, loses_next_lease_on, yields_to, takes_back_renounce_of, restarts, is_granted_by, sends_take_free_in, sends_release_of, move_lands_of, move_is_lost_of
};

/* What a trail shows: who, what, and which term or which other node. */
#define STEP(what, n, x, guard, effect) :: d_step { guard -> printf("@ %d %e %d\n", n, what, x); effect; judge() }
#define PEERMASK(n) (ALL & ~(1 << n))

#define OWN(n) \
  STEP(claims, n, newest[n] + 1, G_CLAIM(n), E_CREATE(n, PEERMASK(n))) \
  STEP(adopts, n, newest[n] + 1, G_ADOPT(n), E_CREATE(n, PEERMASK(n))) \
  STEP(takes_up_the_yield, n, newest[n] + 1, G_TAKE_YIELD(n), E_CREATE(n, PEERMASK(n))) \
  STEP(defends, n, newest[n] + 1, G_DEFEND(n, PEERMASK(n)), E_CREATE(n, PEERMASK(n))) \
  STEP(create_lands, n, cterm[n], G_LAND(n), E_LAND(n)) \
  STEP(had_a_create_that_lands, n, zterm[n], G_LAND_LATE(n), E_LAND_LATE(n)) \
  STEP(has_lost_a_late_create_of, n, zterm[n], G_LOSE_LATE(n), E_LOSE_LATE(n)) \
  STEP(create_failed, n, cterm[n], G_FAIL(n), E_FAIL(n)) \
  STEP(wins, n, cterm[n], G_WIN(n), E_WIN(n)) \
  STEP(promise_ends, n, newest[n], G_PROMISE_ENDS(n), E_PROMISE_ENDS(n)) \
  CRASHING(n) \
  MOVES(n) \
  MUTATED(n)

/* A grant that no leader counts restrains its giver and nobody else: left out, fewer states. */
#define reigns(o, t) (owner[t] == o + 1 && lead[o] && reign[o] <= t && t <= newest[o])
#define counting(t) (reigns(0, t) || reigns(1, t) || reigns(2, t))

#define OF_TERM(n, t) \
  STEP(learns, n, t, G_LEARN(n, t), E_LEARN(n, t)) \
  STEP(grants_in, n, t, (G_GRANT(n, t) && !BIT(granted[t], n) && counting(t)), E_GRANT(n, t)) \
  STEP(lease_is_over_in, n, t, G_LEASE_OVER(n, t), E_LEASE_OVER(n)) \
  WAIVING(n, t)

#define PAIR(l, b) \
  STEP(defends, l, newest[l] + 1, (PEERMASK(l) != (1 << b) && G_DEFEND(l, (PEERMASK(l) & ~(1 << b)))), E_CREATE(l, (PEERMASK(l) & ~(1 << b)))) \
  STEP(loses_grant_of, l, b, G_GRANT_ENDS(l, b), E_GRANT_ENDS(l, b)) \
  STEP(loses_lease_on, l, b, G_LEASE_ENDS(l, b), E_LEASE_ENDS(l, b)) \
  STEP(loses_next_lease_on, l, b, G_NEXT_LEASE_ENDS(l, b), E_NEXT_LEASE_ENDS(l, b)) \
  YIELDING(l, b) \
  TAKEN_BACK(l, b) \
  BINDS(l, b)

#if CRASHES == 0
#define CRASHING(n)
#else
byte crashes;
#define CRASHING(n) STEP(restarts, n, newest[n], (crashes < CRASHES && G_CRASH(n)), crashes++; E_CRASH(n))
#endif
#ifdef NO_YIELDS
#define YIELDING(l, b)
#define WAIVING(n, t)
#else
#define YIELDING(l, b) STEP(yields_to, l, b, G_YIELD(l, b), E_YIELD(l, b))
#define WAIVING(n, t) STEP(is_yielded_to_in, n, t, G_WAIVE(n, t), E_WAIVE(n, t))
#endif

#define BIND(l, b, t) STEP(is_granted_by, l, b, (G_BIND(l, b, t) && !BIT(grants[l], b)), E_BIND(l, b))

#ifdef ADDRESS
#define MOVES(n) \
  STEP(sends_take_free_in, n, newest[n], G_SEND_TAKE(n), E_SEND_TAKE(n)) \
  STEP(sends_release_of, n, 1, G_SEND_RELEASE(n, 1), E_SEND_RELEASE(n, 1)) \
  STEP(sends_release_of, n, 2, G_SEND_RELEASE(n, 2), E_SEND_RELEASE(n, 2)) \
  STEP(sends_release_of, n, 3, G_SEND_RELEASE(n, 3), E_SEND_RELEASE(n, 3)) \
  STEP(move_lands_of, n, moveTerm[n], G_MOVE_LANDS(n), E_MOVE_LANDS(n)) \
  STEP(move_is_lost_of, n, moveTerm[n], G_MOVE_LOST(n), E_MOVE_LOST(n))
#else
#define MOVES(n)
#endif
#ifdef RENOUNCE_TAKEN_BACK
#define TAKEN_BACK(l, b) STEP(takes_back_renounce_of, l, b, G_TAKE_BACK(l, b), E_TAKE_BACK(l, b))
#else
#define TAKEN_BACK(l, b)
#endif
#ifdef FORCE
#define MUTATED(n) STEP(forces, n, newest[n] + 1, G_FORCE(n), E_CREATE(n, PEERMASK(n)))
#else
#define MUTATED(n)
#endif

/* TERMS(m, n) is m(n, 1) m(n, 2) ...; spin's own preprocessor has no recursion. */
#if TMAX == 2
#define TERMS(n) OF_TERM(n, 1) OF_TERM(n, 2)
#define BINDS(l, b) BIND(l, b, 1) BIND(l, b, 2)
#endif
#if TMAX == 3
#define TERMS(n) OF_TERM(n, 1) OF_TERM(n, 2) OF_TERM(n, 3)
#define BINDS(l, b) BIND(l, b, 1) BIND(l, b, 2) BIND(l, b, 3)
#endif
#if TMAX == 4
#define TERMS(n) OF_TERM(n, 1) OF_TERM(n, 2) OF_TERM(n, 3) OF_TERM(n, 4)
#define BINDS(l, b) BIND(l, b, 1) BIND(l, b, 2) BIND(l, b, 3) BIND(l, b, 4)
#endif

init {
#ifdef LED_AT_FIRST
  d_step {
    owner[1] = 1; alive[1] = true; tlease[1] = PEERMASK(0); live[0] = PEERMASK(0); lead[0] = true; reign[0] = 1;
    newest[0] = 1; newest[1] = 1; newest[N - 1] = 1
  }
#endif
  do
  /* The terms are used up: nothing more needs to happen. Anything else that stands still is a deadlock. */
  :: d_step { owner[TMAX] != NOBODY -> skip }
  OWN(0) TERMS(0) PAIR(0, 1)
  OWN(1) TERMS(1) PAIR(1, 0)
#if N == 3
  OWN(2) TERMS(2) PAIR(0, 2) PAIR(1, 2) PAIR(2, 0) PAIR(2, 1)
#endif
  od
}
