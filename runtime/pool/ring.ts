/**
 * A member of a ring: a list without ends, linked through its members in both directions, so that one in the middle is
 * taken out in O(1). A member that no neighbour is left of is in no ring.
 */
export interface RingMember<Member> {
  previous: Member | undefined;
  next: Member | undefined;
}

export function insertBefore<Member extends RingMember<Member>>(next: Member, member: Member): void {
  const previous = next.previous as Member;
  member.previous = previous;
  member.next = next;
  previous.next = member;
  next.previous = member;
}

/** Of one that is in no ring nothing changes. */
export function takeOut<Member extends RingMember<Member>>(member: Member): void {
  const { previous, next } = member;
  if (!previous || !next) return;
  previous.next = next;
  next.previous = previous;
  member.previous = undefined;
  member.next = undefined;
}

/** A ring of this one alone: it stands for the end of a list, between the last and the first. */
export function closeRing<Member extends RingMember<Member>>(end: Member): Member {
  end.previous = end;
  end.next = end;
  return end;
}
