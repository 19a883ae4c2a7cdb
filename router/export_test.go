package router

// CachedTags tells how many tags the route cache holds.
func (r *Router) CachedTags() int { return len(r.table.tags) }
