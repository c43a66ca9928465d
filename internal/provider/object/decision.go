package object

// change is whether something differs between what is and what is asked for.
type change int

const (
	unchanged change = iota
	changed
	// unsure: not known before apply.
	unsure
)

// or is changed if either is, else unsure if either is.
func (c change) or(other change) change {
	if c == changed || other == changed {
		return changed
	}
	return max(c, other)
}

// changedIf is changed or unchanged.
func changedIf(differs bool) change {
	if differs {
		return changed
	}
	return unchanged
}

// updateAction is what has to be done with the bytes of an object.
type updateAction int

const (
	// actionNone sends nothing: only the state changes, or tags and ACL.
	actionNone updateAction = iota
	// actionCreate writes a new object.
	actionCreate
	// actionUpload sends the body again.
	actionUpload
	// actionCopySource copies the source of copy_source again.
	actionCopySource
	// actionRewrite copies the object onto itself with other encryption, headers or class.
	actionRewrite
	// actionUnsure is one of the others: which one is known at apply.
	actionUnsure
)

// obstacle is why COS cannot read the object for a copy.
type obstacle int

const (
	obstacleNone obstacle = iota
	// obstacleKey: the SSE-C key that the object is encrypted with is not at hand.
	obstacleKey
	// obstacleArchived: the object is archived and not restored.
	obstacleArchived
)

// problem is what a decision has to say to the user; zero is nothing. Texts are made by judge.
type problem int

const (
	// problemNoBody: an object is to be created, and nothing says of which bytes.
	problemNoBody problem = iota + 1
	// problemUnreadable: a copy is needed, its source cannot be read, and no body is at hand.
	problemUnreadable
)

// decisionInput is everything that a decision depends on: comparisons of what is with what is
// asked for, made by assess.
type decisionInput struct {
	// creating: there is no object yet, or another bucket, key or region replaces it.
	creating bool
	// hasBody: an argument names the bytes. copySource: that argument is copy_source.
	hasBody, copySource bool
	// content, encryption, headers (with metadata) and class are compared one by one. A KMS
	// context counts as encryption.
	content, encryption, headers, class change
	// tags and acl differ and are managed.
	tags, acl change
	// writeOnlyBumped: key_wo_version or content_wo_version is another one than in the state.
	writeOnlyBumped bool
	// obstacle stands in the way of copying the object.
	obstacle obstacle
}

// decision is what an update does and which computed attributes it makes unknown. Everything else
// keeps the value that it has in the state, or is predicted by assess.
type decision struct {
	action updateAction
	// tags and acl take a request of their own each: they don't ride along with action.
	tags, acl bool
	// instead says that the body is uploaded where a copy would do, but for this obstacle.
	instead obstacle
	problem problem
	// written: etag and version_id are unknown before apply.
	written bool
}

// decide says what has to be done. It is a pure function, so that every row of "what a change
// costs" is a row of its test; plan and apply both call it.
func decide(in decisionInput) decision {
	if in.creating {
		d := decision{action: actionCreate, written: true}
		if !in.hasBody {
			d.problem = problemNoBody
		}
		return d
	}
	d := decision{action: in.bytesAction()}
	switch d.action {
	case actionRewrite, actionUnsure:
		d = in.pastObstacle(d)
	case actionNone:
		d.tags, d.acl = in.tags != unchanged, in.acl != unchanged
	}
	d.written = d.action != actionNone || in.writeOnlyBumped
	return d
}

// mustWrite reports an object that is certainly written, even where apply has to say how.
func (in decisionInput) mustWrite() bool {
	return in.creating || in.content == changed ||
		in.encryption.or(in.headers).or(in.class) == changed
}

// bytesAction is the action if nothing stands in its way.
func (in decisionInput) bytesAction() updateAction {
	rewrite := in.encryption.or(in.headers).or(in.class)
	switch {
	case in.content == changed && in.copySource:
		return actionCopySource
	case in.content == changed:
		return actionUpload
	case in.content == unsure:
		return actionUnsure
	case rewrite == changed:
		return actionRewrite
	case rewrite == unsure:
		return actionUnsure
	}
	return actionNone
}

// pastObstacle replaces a copy that cannot read its source: by an upload if the body is at hand.
// A copy that may not be needed is not judged before apply.
func (in decisionInput) pastObstacle(d decision) decision {
	if in.obstacle == obstacleNone || d.action != actionRewrite {
		return d
	}
	switch {
	case in.hasBody && in.copySource:
		d.action, d.instead = actionCopySource, in.obstacle
	case in.hasBody:
		d.action, d.instead = actionUpload, in.obstacle
	default:
		d.problem = problemUnreadable
	}
	return d
}
