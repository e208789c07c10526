"""Operations: what watches over the suite itself."""
